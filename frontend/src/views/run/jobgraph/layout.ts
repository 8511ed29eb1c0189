/** Where everything stands: rules in columns, their jobs in blocks. Pure, and linear in jobs and edges. */
import { columns_of, place } from "./columns.ts";
import { by_rule, sort_jobs } from "./order.ts";
import { depths, type Link, links_of, type Shape } from "./shape.ts";

/** Sizes in pixels at zoom 1. A job's cell, and how far it is to the next one. */
export const cell = { width: 124, height: 18, across: 132, down: 22 } as const;
/** Room for name and counts above the jobs of a block. */
export const head = 42;
/** At least so far from column to column: names reach into it. */
export const least_gutter = 96;
const least_gap = 56;
const fewest_rows = 12;

export interface Layout {
  width: number;
  height: number;
  /** Between blocks of a column. */
  gap: number;
  /** By rule: left and top of its block, its size, and how its jobs stand in it, filled column by column. */
  x: Float64Array;
  y: Float64Array;
  w: Float64Array;
  h: Float64Array;
  rows: Int32Array;
  /** Positions block by block; the block of a rule begins at `start[rule]`. */
  order: Int32Array;
  start: Int32Array;
  /** By position: its place in its block. */
  slot: Int32Array;
  links: Link[];
  /** Of each link the points that it passes on its way, x and y by turns, without its ends. */
  bends: number[][];
  /** How long it took, ms. */
  took: number;
}

/** As many rows as make the whole about as high as it is wide; without need, no block is broken into columns. */
function rows_for(counts: Int32Array, column: Int32Array): number {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const columns = column.reduce((a, b) => Math.max(a, b), 0) + 1;
  let best = most;
  let least = Number.POSITIVE_INFINITY;
  for (let rows = Math.min(most, fewest_rows); ; rows = Math.min(most, Math.ceil(rows * 1.2))) {
    const wide = new Float64Array(columns);
    const high = new Float64Array(columns);
    counts.forEach((n, rule) => {
      if (n === 0) return;
      const at = column[rule] as number;
      const across = Math.ceil(n / rows);
      wide[at] = Math.max(wide[at] as number, across * cell.across);
      high[at] = (high[at] as number) + Math.ceil(n / across) * cell.down + head + least_gap;
    });
    const width = wide.reduce((a, b) => a + b + least_gutter, 0);
    const height = high.reduce((a, b) => Math.max(a, b), 1);
    const off = Math.abs(Math.log(height / width));
    if (off < least) [best, least] = [rows, off];
    if (rows === most) return best;
  }
}

/** `told`: links of the rules, for a plan without edges. */
export function lay_out(shape: Shape, told: Link[] = []): Layout {
  const begun = performance.now();
  const many = shape.rules.length;
  const found = links_of(shape);
  const links = found.length > 0 ? found : told;
  const { order, start } = by_rule(shape);
  const counts = new Int32Array(many);
  for (let rule = 0; rule < many; rule++)
    counts[rule] = (start[rule + 1] as number) - (start[rule] as number);

  const depth = depths(shape);
  const early = new Float64Array(many);
  for (let job = 0; job < depth.length; job++) {
    const rule = shape.rule[job] as number;
    early[rule] = (early[rule] as number) + (depth[job] as number) / (counts[rule] as number);
  }
  const column = columns_of(many, links, early);
  const most_rows = rows_for(counts, column);

  const rows = new Int32Array(many);
  const w = new Float64Array(many);
  const h = new Float64Array(many);
  for (let rule = 0; rule < many; rule++) {
    const n = counts[rule] as number;
    if (n === 0) continue;
    const across = Math.ceil(n / most_rows);
    rows[rule] = Math.ceil(n / across);
    w[rule] = Math.ceil(n / (rows[rule] as number)) * cell.across - (cell.across - cell.width);
    h[rule] = head + (rows[rule] as number) * cell.down;
  }
  const columns = column.reduce((a, b) => Math.max(a, b), 0) + 1;
  const wide = new Float64Array(columns);
  for (let rule = 0; rule < many; rule++) {
    const at = column[rule] as number;
    wide[at] = Math.max(wide[at] as number, w[rule] as number);
  }
  // Between wide blocks there is more room, so that one sees from afar what leads where.
  const mean = wide.reduce((a, b) => a + b, 0) / columns;
  const gutter = Math.max(least_gutter, mean * 0.3);
  const gap = Math.max(least_gap, h.reduce((a, b) => Math.max(a, b), 0) * 0.025);
  const placed = place(h, column, links, gap);

  const left = new Float64Array(columns + 1);
  for (let at = 0; at < columns; at++) left[at + 1] = (left[at] as number) + (wide[at] as number) + gutter;
  const x = Float64Array.from(w, (own, rule) => {
    const at = column[rule] as number;
    return (left[at] as number) + ((wide[at] as number) - own) / 2;
  });
  const bends = links.map(({ from }, i) =>
    (placed.lanes[i] ?? []).flatMap((y, step) => {
      const at = (column[from] as number) + 1 + step;
      return [left[at] as number, y, (left[at] as number) + (wide[at] as number), y];
    }),
  );
  const sequence = Array.from({ length: many }, (_, rule) => rule).sort(
    (a, b) => (column[a] as number) - (column[b] as number),
  );
  sort_jobs(shape, { order, start }, sequence, placed.y, h);
  const slot = new Int32Array(shape.number.length);
  for (let rule = 0; rule < many; rule++) {
    const first = start[rule] as number;
    for (let i = first; i < (start[rule + 1] as number); i++) slot[order[i] as number] = i - first;
  }
  return {
    width: Math.max(0, (left[columns] as number) - gutter),
    height: placed.height,
    gap,
    x,
    y: placed.y,
    w,
    h,
    rows,
    order,
    start,
    slot,
    links,
    bends,
    took: performance.now() - begun,
  };
}

/** Left and top of a job's cell. */
export function place_of(layout: Layout, shape: Shape, job: number): { x: number; y: number } {
  const rule = shape.rule[job] as number;
  const rows = layout.rows[rule] as number;
  const slot = layout.slot[job] as number;
  return {
    x: (layout.x[rule] as number) + Math.floor(slot / rows) * cell.across,
    y: (layout.y[rule] as number) + head + (slot % rows) * cell.down,
  };
}
