/** What leads to a job and what follows from it, and where an arrow key goes. Pure. */
import { cell, type Layout, place_of } from "./layout.ts";
import type { Shape } from "./shape.ts";

export const apart = 0;
export const itself = 1;
export const above = 2;
export const below = 3;

export interface Reach {
  from: number;
  /** By position: `apart`, `itself`, `above` (leads here) or `below` (follows from it). */
  side: Uint8Array;
  /** Positions, the nearest first. */
  up: Int32Array;
  down: Int32Array;
}

function walk(from: number, mark: number, side: Uint8Array, at: Int32Array, list: Int32Array): Int32Array {
  const found = new Int32Array(side.length);
  let end = 0;
  for (let job = from, next = 0; ; job = found[next++] as number) {
    for (let i = at[job] as number; i < (at[job + 1] as number); i++) {
      const to = list[i] as number;
      if (side[to] !== apart) continue;
      side[to] = mark;
      found[end++] = to;
    }
    if (next >= end) break;
  }
  return found.slice(0, end);
}

/** The whole reach of a job; each job and each edge is looked at once. */
export function reach_of({ number, up_at, up, down_at, down }: Shape, from: number): Reach {
  const side = new Uint8Array(number.length);
  side[from] = itself;
  const above_it = walk(from, above, side, up_at, up);
  return { from, side, up: above_it, down: walk(from, below, side, down_at, down) };
}

/** Edges on the ways through a job, the nearest first: pairs of positions, at most so many of each side. */
export function edges_of({ up_at, up, down_at, down }: Shape, reach: Reach, most: number): Int32Array {
  const found: number[] = [];
  for (const [jobs, at, list, upwards] of [
    [reach.up, up_at, up, true],
    [reach.down, down_at, down, false],
  ] as const) {
    const end = found.length + 2 * most;
    for (let k = -1; k < jobs.length && found.length < end; k++) {
      const job = k < 0 ? reach.from : (jobs[k] as number);
      for (let i = at[job] as number; i < (at[job + 1] as number) && found.length < end; i++) {
        if (upwards) found.push(list[i] as number, job);
        else found.push(job, list[i] as number);
      }
    }
  }
  return Int32Array.from(found);
}

/** Which links between rules have an edge on the ways through a job, by their place in `links`. */
export function links_on({ rule, up_at, up, down_at, down }: Shape, { links }: Layout, reach: Reach) {
  const index = new Map(links.map(({ from, to }, i) => [`${from} ${to}`, i]));
  const pairs = new Set<number>();
  const many = 1 << 16;
  for (const [jobs, at, list, upwards] of [
    [reach.up, up_at, up, true],
    [reach.down, down_at, down, false],
  ] as const) {
    for (let k = -1; k < jobs.length; k++) {
      const job = k < 0 ? reach.from : (jobs[k] as number);
      for (let i = at[job] as number; i < (at[job + 1] as number); i++) {
        const [a, b] = [rule[list[i] as number] as number, rule[job] as number];
        if (a !== b) pairs.add(upwards ? a * many + b : b * many + a);
      }
    }
  }
  const on = new Set<number>();
  for (const pair of pairs) {
    const link = index.get(`${Math.floor(pair / many)} ${pair % many}`);
    if (link !== undefined) on.add(link);
  }
  return on;
}

/**
 * Left to what it needs, right to what needs it: to where one came from if that is among them, else to the nearest. Up
 * and down to its neighbours of the same rule. Undefined: there is none.
 */
export function step(
  shape: Shape,
  layout: Layout,
  from: number,
  key: string,
  came: number | undefined,
): number | undefined {
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (by) {
    const rule = shape.rule[from] as number;
    const at = (layout.start[rule] as number) + (layout.slot[from] as number) + by;
    const own = at >= (layout.start[rule] as number) && at < (layout.start[rule + 1] as number);
    return own ? layout.order[at] : undefined;
  }
  const [at, list] = key === "ArrowLeft" ? [shape.up_at, shape.up] : [shape.down_at, shape.down];
  if (key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
  const near = list.subarray(at[from], at[from + 1]);
  if (came !== undefined && near.includes(came)) return came;
  const here = place_of(layout, shape, from);
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const job of near) {
    const { x, y } = place_of(layout, shape, job);
    const away = Math.abs(y - here.y) + Math.abs(x - here.x) / 8;
    if (away < least) [best, least] = [job, away];
  }
  return best;
}

/** The job whose cell a point of the drawing is in; undefined where there is none. */
export function job_at(layout: Layout, x: number, y: number, head: number): number | undefined {
  const rule = rule_at(layout, x, y);
  if (rule === undefined) return undefined;
  const across = x - (layout.x[rule] as number);
  const down = y - (layout.y[rule] as number) - head;
  const [column, row] = [Math.floor(across / cell.across), Math.floor(down / cell.down)];
  if (down < 0 || row >= (layout.rows[rule] as number)) return undefined;
  if (across - column * cell.across > cell.width || down - row * cell.down > cell.height) return undefined;
  const at = (layout.start[rule] as number) + column * (layout.rows[rule] as number) + row;
  return at < (layout.start[rule + 1] as number) ? layout.order[at] : undefined;
}

/** The rule in whose block a point is. */
export function rule_at({ x, y, w, h }: Layout, px: number, py: number): number | undefined {
  for (let rule = 0; rule < x.length; rule++) {
    const [left, top] = [x[rule] as number, y[rule] as number];
    if (px >= left && py >= top && px < left + (w[rule] as number) && py < top + (h[rule] as number))
      return rule;
  }
  return undefined;
}

/** The rule whose block is nearest to a point. */
export function rule_near({ x, y, w, h }: Layout, px: number, py: number): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let rule = 0; rule < x.length; rule++) {
    const wide = w[rule] as number;
    if (wide === 0) continue;
    const [left, top] = [x[rule] as number, y[rule] as number];
    const dx = Math.max(left - px, 0, px - left - wide);
    const dy = Math.max(top - py, 0, py - top - (h[rule] as number));
    const away = dx * dx + dy * dy;
    if (away < least) [best, least] = [rule, away];
  }
  return best;
}
