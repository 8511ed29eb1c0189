import { useEffect, useRef } from "react";
import { useShade } from "../../../theme/mode.ts";
import { type Series, series_of } from "./bins.ts";
import { colours_of } from "./colours.ts";
import { useCanvas } from "./useCanvas.ts";
import type { Drawn } from "./useTimeline.ts";
import type { View } from "./view.ts";

const jobs_only = { cores: false, mem_mb: false, used_cores: false, used_mb: false };
const grip = 7; // px beside an edge that take hold of it

/** The whole run, what failed marked, and the stretch that is seen: drawn anew, moved, or taken by its edges. */
export function Overview({ drawn, view, chain }: { drawn: Drawn; view: View; chain: number[] | null }) {
  const { spans, lanes, until, failed } = drawn;
  const colours = colours_of(useShade());
  const drag = useRef<{ kind: "from" | "to" | "move" | "new"; at: number; from: number; to: number } | null>(
    null,
  );
  // The same while one zooms and moves.
  const held = useRef<{ key: string; series: Series } | null>(null);
  const { canvas, repaint } = useCanvas(({ context, width, height }) => {
    const { begin, end, from, to } = view;
    const x = (at: number) => ((at - begin) / (end - begin)) * width;
    context.clearRect(0, 0, width, height);
    const bins = Math.max(1, Math.floor(width));
    const key = `${lanes.version} ${lanes.key} ${begin} ${end} ${until} ${bins}`;
    if (held.current?.key !== key) {
      const rows = { order: lanes.order, first: 0, stop: lanes.order.length };
      const stretch = { from: begin, to: end, bins, until };
      held.current = { key, series: series_of(spans, lanes.bars, rows, stretch, jobs_only) };
    }
    const { running } = held.current.series;
    const most = running.reduce((a, b) => Math.max(a, b), 1);
    const room = height - 8;
    context.fillStyle = colours.status.running as string;
    context.globalAlpha = 0.45;
    for (let i = 0; i < bins; i++) {
      const tall = ((running[i] as number) / most) * (room - 4);
      if (tall > 0) context.fillRect(i, height - 1 - Math.max(1, tall), 1, Math.max(1, tall));
    }
    context.globalAlpha = 1;
    if (chain) {
      context.fillStyle = colours.css.text;
      for (const i of chain) {
        const left = x(lanes.bars.from[i] as number);
        context.fillRect(left, 6, Math.max(1, x(Math.min(lanes.bars.to[i] as number, until)) - left), 2);
      }
    }
    context.fillStyle = colours.status.failed as string;
    for (const i of failed) context.fillRect(x(lanes.bars.to[i] as number) - 1, 0, 2, 5);
    if (view.whole) return;
    const [left, right] = [x(from), Math.max(x(to), x(from) + 3)];
    context.globalAlpha = 0.65;
    context.fillStyle = colours.css.panel;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = colours.css.accent;
    context.strokeRect(left + 0.5, 0.5, right - left - 1, height - 1);
    context.fillStyle = colours.css.accent;
    for (const at of [left - 1, right - 2]) context.fillRect(at, height / 2 - 7, 3, 14);
  });
  useEffect(() => view.subscribe(repaint), [view, repaint]);

  const place = (event: React.PointerEvent) => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const length = view.end - view.begin;
    const px = length / Math.max(1, bounds.width);
    return { at: view.begin + (event.clientX - bounds.left) * px, px };
  };
  const kind_at = (at: number, px: number) => {
    if (view.whole) return "new";
    if (Math.abs(at - view.from) < grip * px) return "from";
    if (Math.abs(at - view.to) < grip * px) return "to";
    return at > view.from && at < view.to ? "move" : "new";
  };
  return (
    <div className="tl-row tl-overview">
      <div className="tl-names">Whole run</div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the board do the same */}
      <div
        className="tl-plot"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          const { at, px } = place(event);
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { kind: kind_at(at, px), at, from: view.from, to: view.to };
        }}
        onPointerMove={(event) => {
          const { at, px } = place(event);
          const now = drag.current;
          if (!now) {
            event.currentTarget.dataset.at = kind_at(at, px);
            return;
          }
          if (now.kind === "move") view.show(now.from + at - now.at, now.to + at - now.at);
          else if (now.kind === "from") view.show(Math.min(at, now.to), Math.max(at, now.to));
          else if (now.kind === "to") view.show(Math.min(at, now.from), Math.max(at, now.from));
          else if (Math.abs(at - now.at) > 3 * px) view.show(Math.min(at, now.at), Math.max(at, now.at));
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onDoubleClick={() => view.all()}
      >
        <canvas ref={canvas} />
      </div>
    </div>
  );
}
