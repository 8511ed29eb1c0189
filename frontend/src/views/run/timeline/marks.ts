/** What is drawn over the bars: their numbers where they fit, the longest chain, and which one is pointed at. */
import type { Colours } from "./colours.ts";
import { between } from "./lanes.ts";
import { row_place, type Scene } from "./raster.ts";
import type { Drawn } from "./useTimeline.ts";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a bar stands, pixels of the screen. */
export function box_of(scene: Scene, wide: number, row: number): Box | null {
  const { lanes, from, to, until, slots } = scene;
  const lane = lanes.lane[row] ?? -1;
  if (lane < 0) return null;
  const [y, height] = row_place(scene, lane, lanes.row[row] as number);
  const start = slots ? (lanes.bars.mid[row] as number) : (lanes.bars.from[row] as number);
  const by = wide / (to - from);
  const end = Math.min(lanes.bars.to[row] as number, until);
  return { x: (start - from) * by, y, width: Math.max(2 * scene.scale, (end - start) * by), height };
}

const most_texts = 400;

/** The job's rule, or its number where the lane tells the rule. */
export function draw_texts(
  context: CanvasRenderingContext2D,
  scene: Scene,
  wide: number,
  high: number,
  { spans, kind }: Drawn,
  colours: Colours,
) {
  const { lanes, scale } = scene;
  const [first, stop] = between(lanes, scene.from, scene.to);
  if (stop - first > 20_000) return; // none would be wide enough
  context.font = `${11 * scale}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  let written = 0;
  for (let n = first; n < stop && written < most_texts; n++) {
    const i = lanes.order[n] as number;
    const box = box_of(scene, wide, i);
    if (!box || box.height < 11 * scale || box.y > high || box.y + box.height < 0) continue;
    const mid = lanes.bars.mid[i] as number;
    if (Number.isNaN(mid) || scene.dimmed?.[i] === 1) continue;
    const start = Math.max(0, ((mid - scene.from) / (scene.to - scene.from)) * wide);
    const room = Math.min(wide, box.x + box.width) - start - 8 * scale;
    const text = kind === "rule" ? `#${spans.number[i]}` : (spans.rules[spans.rule[i] as number] ?? "");
    if (room < 24 * scale || context.measureText(text).width > room) continue;
    context.fillStyle = colours.css.panel;
    context.fillText(text, start + 4 * scale, box.y + box.height / 2);
    written++;
  }
}

export function draw_chain(
  context: CanvasRenderingContext2D,
  scene: Scene,
  wide: number,
  chain: number[],
  { css }: Colours,
) {
  const { scale } = scene;
  context.strokeStyle = css.text;
  let before: Box | null = null;
  for (const row of chain) {
    const box = box_of(scene, wide, row);
    if (!box) continue;
    if (before) {
      context.lineWidth = scale;
      context.globalAlpha = 0.55;
      context.beginPath();
      context.moveTo(before.x + before.width, before.y + before.height / 2);
      context.lineTo(box.x, box.y + box.height / 2);
      context.stroke();
      context.globalAlpha = 1;
    }
    // Around the bar, whose colour tells how it stands.
    const { x, y, width, height } = box;
    outline(
      context,
      { x: x - scale, y: y - scale, width: width + 2 * scale, height: height + 2 * scale },
      1.5 * scale,
    );
    before = box;
  }
}

export function draw_mark(
  context: CanvasRenderingContext2D,
  scene: Scene,
  wide: number,
  row: number,
  { css }: Colours,
) {
  const box = box_of(scene, wide, row);
  if (!box) return;
  context.strokeStyle = css.accent;
  const { scale } = scene;
  const out = 2 * scale;
  const tall = Math.max(box.height, 5 * scale);
  const y = box.y - (tall - box.height) / 2;
  outline(
    context,
    { x: box.x - out, y: y - out, width: box.width + 2 * out, height: tall + 2 * out },
    2 * scale,
  );
}

function outline(context: CanvasRenderingContext2D, { x, y, width, height }: Box, line: number) {
  context.lineWidth = line;
  context.strokeRect(x + line / 2, y + line / 2, Math.max(line, width - line), Math.max(line, height - line));
}
