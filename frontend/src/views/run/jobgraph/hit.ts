/** What is under a point of the window, and how the window goes to it. Pure. */
import { job_statuses } from "../../../theme/status.ts";
import { cell, head, type Layout, place_of } from "./layout.ts";
import { job_at, rule_at } from "./reach.ts";
import type { Shape } from "./shape.ts";
import type { Box, View } from "./view.ts";

export type Hit = { job: number; rule: number } | { job?: undefined; rule: number };

/** From this height of a cell on, in pixels, one can point at it. */
const pointed = 4;
const mark_reach = 6; // px
const failed = job_statuses.indexOf("failed");

/** A job whose cell is large enough to be meant, or whose mark is; else the rule that the point is in. */
export function hit(
  { shape, layout, states }: { shape: Shape; layout: Layout; states: Uint8Array },
  view: View,
  px: number,
  py: number,
): Hit | null {
  const [x, y] = [view.x + px / view.zoom, view.y + py / view.zoom];
  const rule = rule_at(layout, x, y);
  if (rule === undefined) return null;
  if (cell.height * view.zoom >= pointed) {
    const job = job_at(layout, x, y, head);
    return job === undefined ? { rule } : { job, rule };
  }
  let best: number | undefined;
  let least = (mark_reach / view.zoom) ** 2;
  for (let i = layout.start[rule] as number; i < (layout.start[rule + 1] as number); i++) {
    const job = layout.order[i] as number;
    if (states[job] !== failed) continue;
    const at = place_of(layout, shape, job);
    const away = (at.x + cell.width / 2 - x) ** 2 + (at.y + cell.height / 2 - y) ** 2;
    if (away < least) [best, least] = [job, away];
  }
  return best === undefined ? { rule } : { job: best, rule };
}

export const block_of = ({ x, y, w, h }: Layout, rule: number): Box => ({
  x: x[rule] as number,
  y: y[rule] as number,
  width: w[rule] as number,
  height: h[rule] as number,
});

export const cell_of = (layout: Layout, shape: Shape, job: number): Box => ({
  ...place_of(layout, shape, job),
  width: cell.width,
  height: cell.height,
});

/** Where the keyboard begins: a failed job among these, else the one nearest to the middle of the window. */
export function begin_at(
  { shape, layout, states }: { shape: Shape; layout: Layout; states: Uint8Array },
  jobs: Iterable<number>,
  middle: { x: number; y: number },
): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const job of jobs) {
    const { x, y } = place_of(layout, shape, job);
    const away = Math.hypot(x + cell.width / 2 - middle.x, y + cell.height / 2 - middle.y);
    const rank = states[job] === failed ? away - 1e9 : away;
    if (rank < least) [best, least] = [job, rank];
  }
  return best;
}
