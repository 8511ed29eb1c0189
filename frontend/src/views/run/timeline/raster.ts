/**
 * The bars as pixels. Written straight into the picture: 100,000 rectangles given to a canvas take a tenth of a second, and
 * the same as pixels some milliseconds, however many fall on one. Pure.
 */
import { status_at } from "../../../api/spans.ts";
import type { Colours } from "./colours.ts";
import type { Lanes } from "./lanes.ts";
import { between } from "./lanes.ts";

/** Lengths in pixels of the screen. */
export interface Picture {
  pixels: Uint32Array;
  width: number;
  height: number;
}

/** Where lanes stand: the top of each and of one beyond, px of the screen from the top of the picture. */
export interface Scene {
  lanes: Lanes;
  status: Uint8Array;
  tops: Float64Array;
  /** Beside the rows of a lane, above and below. */
  pad: number;
  from: number;
  to: number;
  /** Where what is not over ends. */
  until: number;
  /** By row of `Spans`: 1 for what is not chosen. */
  dimmed: Uint8Array | null;
  slots: boolean;
  /** Pixels of the screen for one of the page. */
  scale: number;
}

const failed = status_at("failed");
const least = 3; // px of the page: as small a failed bar may get

/** Top and height of a row, px of the screen. */
export function row_place(scene: Scene, lane: number, row: number): [top: number, height: number] {
  const top = scene.tops[lane] as number;
  const height = (scene.tops[lane + 1] as number) - top - 2 * scene.pad;
  const each = height / Math.max(1, scene.lanes.rows[lane]?.used ?? 1);
  return [top + scene.pad + row * each, each];
}

export function paint({ pixels, width, height }: Picture, scene: Scene, colours: Colours): void {
  const { lanes, status, tops, from, to, until, dimmed, slots, scale } = scene;
  const { lane, row, order, bars } = lanes;
  pixels.fill(colours.panel);
  const count = lanes.names.length;
  for (let at = 1; at < count; at++) {
    const y = Math.round(tops[at] as number);
    if (y >= 0 && y < height && (tops[at] as number) < (tops[at + 1] as number)) {
      pixels.fill(colours.line, y * width, (y + 1) * width);
    }
  }
  const [first, stop] = between(lanes, from, to);
  const by = width / (to - from);

  // Once for each lane, not for each bar.
  const each_of = new Float64Array(count);
  for (let at = 0; at < count; at++) each_of[at] = row_place(scene, at, 0)[1];

  const box = (x0: number, x1: number, y0: number, y1: number, colour: number) => {
    if (x1 - x0 < 8) {
      // A call for each line of a bar that is a pixel wide costs more than the pixels.
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) pixels[y * width + x] = colour;
      return;
    }
    for (let y = y0; y < y1; y++) pixels.fill(colour, y * width + x0, y * width + x1);
  };
  const hatched = (x0: number, x1: number, y0: number, y1: number, line: number, ground: number) => {
    const [step, thick] = [Math.round(5 * scale), Math.max(1, Math.round(1.5 * scale))];
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) pixels[y * width + x] = (x + y) % step < thick ? line : ground;
    }
  };
  const bar = (i: number, dim: boolean, tall: number) => {
    const at = lane[i] as number;
    const own = status[i] as number;
    const each = each_of[at] as number;
    const top = (tops[at] as number) + scene.pad + (row[i] as number) * each;
    const gap = each >= 4 * scale ? scale : 0;
    let y0 = top;
    let y1 = top + Math.max(each - gap, 1);
    if (y1 - y0 < tall) [y0, y1] = [(y0 + y1 - tall) / 2, (y0 + y1 + tall) / 2];
    y0 = Math.max(0, Math.round(y0));
    y1 = Math.min(height, Math.max(Math.round(y1), y0 + 1));
    if (y1 <= 0 || y0 >= height) return;
    const start = slots ? (bars.mid[i] as number) : (bars.from[i] as number);
    const end = Math.min(bars.to[i] as number, until);
    let x0 = Math.floor((start - from) * by);
    let x1 = Math.ceil((end - from) * by);
    // A gap between neighbours, where there is room for it.
    if (x1 - x0 > 4 * scale) x1 -= Math.round(scale);
    const wide = tall > 0 ? Math.round(least * scale) : 1;
    if (x1 - x0 < wide) {
      x0 = tall > 0 ? Math.round((x0 + x1 - wide) / 2) : x0;
      x1 = x0 + wide;
    }
    const left = Math.max(0, x0);
    const right = Math.min(width, x1);
    if (right <= left) return;
    if (dim) {
      box(left, right, y0, y1, colours.dim[own] as number);
      return;
    }
    const mid = bars.mid[i] as number;
    const half = Number.isNaN(mid) ? x1 : mid <= start ? x0 : Math.round((mid - from) * by);
    const split = Math.min(Math.max(half, left), right);
    if (split > left && x1 - x0 > wide) {
      hatched(left, split, y0, y1, colours.hatch[own] as number, colours.ground[own] as number);
      box(split, right, y0, y1, colours.bar[own] as number);
    } else box(left, right, y0, y1, colours.bar[own] as number);
  };

  const red: number[] = [];
  // What is not chosen lies below, and what failed on top: no neighbour in the same pixel swallows it.
  for (let pass = dimmed ? 0 : 1; pass < 2; pass++) {
    for (let n = first; n < stop; n++) {
      const i = order[n] as number;
      const at = lane[i] as number;
      if (at < 0 || (bars.to[i] as number) < from) continue;
      if ((tops[at + 1] as number) < 0 || (tops[at] as number) > height) continue;
      const dim = dimmed !== null && dimmed[i] === 1;
      if (dim !== (pass === 0)) continue;
      if (status[i] === failed && !dim) red.push(i);
      else bar(i, dim, 0);
    }
  }
  for (const i of red) bar(i, false, least * scale);
}

/** The row of `Spans` whose bar is at a place, px of the screen; of several a failed one, then the nearest. -1: none. */
export function hit(scene: Scene, width: number, x: number, y: number): number {
  const { lanes, status, tops, from, to, until, slots, scale } = scene;
  const { lane, row, order, bars } = lanes;
  const reach = 3 * scale;
  const by = width / (to - from);
  const slack = reach / by;
  const at = from + x / by;
  const [first, stop] = between(lanes, at - slack, at + slack);
  let found = -1;
  let best = Infinity;
  for (let n = first; n < stop; n++) {
    const i = order[n] as number;
    const own = lane[i] as number;
    if (own < 0 || y < (tops[own] as number) || y > (tops[own + 1] as number)) continue;
    const start = slots ? (bars.mid[i] as number) : (bars.from[i] as number);
    const end = Math.min(bars.to[i] as number, until);
    const aside = Math.max(start - at, at - end, 0) * by;
    if (aside > reach) continue;
    const [top, each] = row_place(scene, own, row[i] as number);
    const above = Math.max(top - y, y - top - each, 0);
    if (above > reach) continue;
    const score = aside + above - (status[i] === failed ? 2 * reach : 0);
    if (score < best) [best, found] = [score, i];
  }
  return found;
}

/** How high each lane is, px of the page: as many rows as it has, within what there is room for. */
export function tops_of(lanes: Lanes, room: number, slots: boolean): Float64Array {
  const shown = lanes.names.map((_, at) => lanes.rows[at]?.used ?? 0);
  const many = shown.filter((rows) => rows > 0).length;
  const tops = new Float64Array(shown.length + 1);
  const most = slots ? Infinity : Math.max(56, Math.floor(room / Math.max(1, many)));
  for (const [at, rows] of shown.entries()) {
    const each = slots ? Math.min(16, Math.max(5, (room - 8) / Math.max(1, rows))) : 14;
    const height = rows === 0 ? 0 : Math.min(most, Math.max(24, rows * each + 8));
    tops[at + 1] = (tops[at] as number) + height;
  }
  return tops;
}
