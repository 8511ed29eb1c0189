/** What everything is painted with, and what of the scene is in the window. */
import { cell, head } from "./layout.ts";
import type { Look } from "./look.ts";
import type { Scene } from "./scene.ts";
import type { Size, View } from "./view.ts";

export interface Brush {
  ctx: CanvasRenderingContext2D;
  scene: Scene;
  look: Look;
  view: View;
  size: Size;
  /** By position, 1 where a job steps back. */
  dim: Uint8Array | null;
  /** Positions of all that do not; null where none does. */
  meant: Int32Array | null;
}

/** Which blocks are in sight: left, top, width and height on the screen. */
export function* blocks({ scene, view, size }: Brush): Generator<[number, number, number, number, number]> {
  const { x, y, w, h } = scene.layout;
  for (let rule = 0; rule < x.length; rule++) {
    const left = ((x[rule] as number) - view.x) * view.zoom;
    const top = ((y[rule] as number) - view.y) * view.zoom;
    const wide = (w[rule] as number) * view.zoom;
    const high = (h[rule] as number) * view.zoom;
    if (wide === 0 || left > size.width || top > size.height || left + wide < 0 || top + high < 0) continue;
    yield [rule, left, top, wide, high];
  }
}

/** Positions of the jobs whose cells are in the window. */
export function* cells_in_sight({
  scene,
  view,
  size,
}: Pick<Brush, "scene" | "view" | "size">): Generator<number> {
  const { x, y, w, h, rows, order, start } = scene.layout;
  const [left, top] = [view.x, view.y];
  const [right, bottom] = [view.x + size.width / view.zoom, view.y + size.height / view.zoom];
  for (let rule = 0; rule < x.length; rule++) {
    const [bx, by] = [x[rule] as number, (y[rule] as number) + head];
    if (bx > right || by > bottom || bx + (w[rule] as number) < left || by - head + (h[rule] as number) < top)
      continue;
    const high = rows[rule] as number;
    const first_column = Math.max(0, Math.floor((left - bx) / cell.across));
    const last_column = Math.floor((right - bx) / cell.across);
    const first_row = Math.max(0, Math.floor((top - by) / cell.down));
    const last_row = Math.min(high - 1, Math.floor((bottom - by) / cell.down));
    for (let column = first_column; column <= last_column; column++) {
      const from = (start[rule] as number) + column * high;
      if (from >= (start[rule + 1] as number)) break;
      const end = Math.min(from + last_row, (start[rule + 1] as number) - 1);
      for (let at = from + first_row; at <= end; at++) yield order[at] as number;
    }
  }
}
