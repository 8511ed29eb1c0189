/** One picture of a scene, in order: links, jobs, what stands out of them, names. */
import { type Brush, blocks } from "./brush.ts";
import { cell, head } from "./layout.ts";
import type { Look } from "./look.ts";
import { paint_chain, paint_edges, paint_links, paint_reach } from "./paint_edges.ts";
import { paint_cells, paint_marks, paint_rings } from "./paint_jobs.ts";
import { paint_names, seen_gap } from "./paint_names.ts";
import type { Scene, Specks } from "./scene.ts";
import type { Size, View } from "./view.ts";

/** From this zoom on each job is drawn for itself, with its edges. */
export const near = 0.42;

export function paint(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  specks: Specks,
  look: Look,
  view: View,
  size: Size,
  dim: Uint8Array | null,
  meant: Int32Array | null,
) {
  const brush: Brush = { ctx, scene, look, view, size, dim, meant };
  ctx.fillStyle = look.palette.panel;
  ctx.fillRect(0, 0, size.width, size.height);
  const close = view.zoom >= near;
  if (close) paint_edges(brush);
  else paint_links(brush);
  if (scene.reach) paint_reach(brush);
  if (close) paint_cells(brush);
  else paint_specks(brush, specks);
  paint_chain(brush);
  paint_rings(brush);
  paint_names(brush, close);
  if (!close) paint_marks(brush); // no name may hide what failed
}

function paint_specks(brush: Brush, specks: Specks) {
  const { ctx, scene, view, look } = brush;
  const { rows } = scene.layout;
  const down = cell.down * view.zoom;
  const across = cell.across * view.zoom;
  const gaps = cell.height * view.zoom >= seen_gap;
  const few = down < 0.75;
  ctx.imageSmoothingEnabled = false; // a job is as wide as many pixels also where it is less than one high
  for (const [rule, left, top, , high] of blocks(brush)) {
    const picture = (few ? specks.small : specks.full)[rule];
    if (!picture) continue;
    const y = top + head * view.zoom;
    const wide = picture.width * across;
    if (!gaps) {
      // The head of a block is less than a line here; without it small blocks would hardly be seen.
      ctx.drawImage(picture, left, top, wide - (across - cell.width * view.zoom), high);
      continue;
    }
    ctx.drawImage(picture, left, y, wide, picture.height * down);
    ctx.fillStyle = look.palette.panel;
    const gap = down - cell.height * view.zoom;
    const first = Math.max(0, Math.floor(-y / down));
    const last = Math.min(rows[rule] as number, Math.ceil((brush.size.height - y) / down));
    for (let row = first; row < last; row++) ctx.fillRect(left, y + (row + 1) * down - gap, wide, gap);
    const side = across - cell.width * view.zoom;
    for (let column = 1; column <= picture.width; column++) {
      ctx.fillRect(left + column * across - side, y, side, (rows[rule] as number) * down);
    }
  }
}
