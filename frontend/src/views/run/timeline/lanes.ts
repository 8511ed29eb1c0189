/** Where the bar of each attempt stands: its lane, its row in it, and an index by time. Pure. */
import { type Spans, status_at } from "../../../api/spans.ts";

/** Rows that bars are put into, each time the lowest that is free: a tree of minima over the ends of the rows. */
export class Rows {
  #size = 1;
  #ends = new Float64Array(2).fill(Number.NEGATIVE_INFINITY);
  /** How many rows are in use. */
  used = 0;

  end(row: number, at: number) {
    let node = this.#size + row;
    this.#ends[node] = at;
    for (node >>= 1; node >= 1; node >>= 1) {
      this.#ends[node] = Math.min(this.#ends[2 * node] as number, this.#ends[2 * node + 1] as number);
    }
  }

  /** The lowest row whose last bar has ended by `from`. */
  put(from: number, to: number): number {
    if ((this.#ends[1] as number) > from) this.#grow();
    let node = 1;
    while (node < this.#size) node = 2 * node + ((this.#ends[2 * node] as number) <= from ? 0 : 1);
    const row = node - this.#size;
    this.end(row, to);
    this.used = Math.max(this.used, row + 1);
    return row;
  }

  #grow() {
    const held = this.#ends.subarray(this.#size, this.#size + this.used).slice();
    this.#size *= 2;
    this.#ends = new Float64Array(2 * this.#size).fill(Number.NEGATIVE_INFINITY);
    for (const [row, at] of held.entries()) this.end(row, at);
  }
}

/** The three moments of a bar, ms: in hand, running, over. `mid` NaN: not told when, or not yet; `to` ∞: not yet over. */
export interface Bars {
  from: Float64Array;
  mid: Float64Array;
  to: Float64Array;
}

const open = new Set([status_at("queued"), status_at("running")]);

export function bars_of(spans: Spans): Bars {
  const { size, queued, started, ended, queue, run, status } = spans;
  const [from, mid, to] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < size; i++) {
    const begin = queued[i] as number;
    const start = started[i] as number;
    const end = ended[i] as number;
    const first = Number.isNaN(begin) ? (Number.isNaN(start) ? end : start) : begin;
    const last = !Number.isNaN(end) ? Math.max(end, first) : open.has(status[i] as number) ? Infinity : first;
    // What an executor or a benchmark told goes before what was seen from here.
    let half = start;
    if ((queue[i] as number) >= 0) half = first + (queue[i] as number);
    else if ((run[i] as number) >= 0 && last < Infinity && start !== begin) half = last - (run[i] as number);
    from[i] = first;
    mid[i] = Number.isNaN(half) ? half : Math.min(Math.max(half, first), last);
    to[i] = last;
  }
  return { from, mid, to };
}

/** The rows of `Spans` by their beginnings; those without any moment are left out. */
export function by_time({ from }: Bars): Uint32Array {
  let least = Infinity;
  let most = -Infinity;
  let known = 0;
  for (const at of from) {
    if (Number.isNaN(at)) continue;
    known++;
    least = Math.min(least, at);
    most = Math.max(most, at);
  }
  const size = from.length;
  const order = new Uint32Array(known);
  if ((most - least + 1) * size < Number.MAX_SAFE_INTEGER) {
    // As one number each, moment before place: numbers sort ten times as fast as by a function.
    const keys = new Float64Array(known);
    for (let i = 0, n = 0; i < size; i++) {
      const at = from[i] as number;
      if (!Number.isNaN(at)) keys[n++] = Math.round(at - least) * size + i;
    }
    keys.sort();
    for (let n = 0; n < known; n++) order[n] = (keys[n] as number) % size;
    return order;
  }
  for (let i = 0, n = 0; i < size; i++) if (!Number.isNaN(from[i] as number)) order[n++] = i;
  return order.sort((a, b) => (from[a] as number) - (from[b] as number));
}

/** Of each place in `order` the latest end up to there: what ended before a moment is passed over at once. */
export function reach_of(order: Uint32Array, { to }: Bars): Float64Array {
  const reach = new Float64Array(order.length);
  let latest = -Infinity;
  for (let n = 0; n < order.length; n++) {
    latest = Math.max(latest, to[order[n] as number] as number);
    reach[n] = latest;
  }
  return reach;
}

/** The places in `order` between which all bars stand that touch from..to. */
export function between(
  { order, reach, bars }: { order: Uint32Array; reach: Float64Array; bars: Bars },
  from: number,
  to: number,
): [first: number, stop: number] {
  const first = lowest(order.length, (n) => (reach[n] as number) >= from);
  const stop = lowest(order.length, (n) => (bars.from[order[n] as number] as number) > to);
  return [first, stop];
}

function lowest(size: number, holds: (n: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How bars are grouped. `of`: the lane of each row of `Spans`; -1: none. `names`: null for those without a value. */
export interface Groups {
  /** Another one: lanes are made anew. */
  key: string;
  names: (string | null)[];
  of: (i: number) => number;
  /** Only from its start on does a job hold a slot. */
  slots: boolean;
}

export interface Lanes {
  key: string;
  version: number;
  anew: number;
  bars: Bars;
  order: Uint32Array;
  reach: Float64Array;
  /** By row of `Spans`; -1: not drawn. */
  lane: Int32Array;
  row: Int32Array;
  /** By lane. */
  names: (string | null)[];
  rows: Rows[];
}

/**
 * The lanes of these attempts. `held`: those of before. What stood somewhere stays there as long as neither groups nor rows
 * are others; new bars are put where there is room: nothing moves under the pointer.
 */
export function lanes_of(spans: Spans, groups: Groups, held?: Lanes): Lanes {
  const bars = bars_of(spans);
  const order = by_time(bars);
  const keeps = held && held.anew === spans.anew && held.key === groups.key;
  const lane = new Int32Array(spans.size).fill(-1);
  const row = new Int32Array(spans.size);
  const rows = keeps ? held.rows.slice() : [];
  const placed = keeps ? held.lane.length : 0;
  if (keeps) {
    lane.set(held.lane);
    row.set(held.row);
    for (let i = 0; i < placed; i++) {
      // Whatever was open then may have ended since.
      if (held.bars.to[i] === Infinity && bars.to[i] !== Infinity && (lane[i] as number) >= 0) {
        rows[lane[i] as number]?.end(row[i] as number, bars.to[i] as number);
      }
    }
  }
  // A slot is taken by the start of a job, a row of other lanes by its beginning.
  const turns = groups.slots ? by_time({ ...bars, from: bars.mid }) : order;
  for (const i of turns) {
    if (i < placed && (lane[i] as number) >= 0) continue;
    const at = groups.of(i);
    const begin = groups.slots ? (bars.mid[i] as number) : (bars.from[i] as number);
    if (at < 0 || Number.isNaN(begin)) continue;
    let own = rows[at];
    if (!own) {
      own = new Rows();
      rows[at] = own;
    }
    lane[i] = at;
    row[i] = own.put(begin, bars.to[i] as number);
  }
  const { version, anew } = spans;
  return {
    ...{ key: groups.key, version, anew, bars, order, reach: reach_of(order, bars) },
    ...{ lane, row, rows, names: groups.names },
  };
}
