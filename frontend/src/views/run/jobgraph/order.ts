/** The order of jobs within the blocks of their rules, so that edges are short and cross little. Pure, linear. */
import type { Shape } from "./shape.ts";

const sweeps = 6;
const finer = 4; // buckets for each job

export interface Ordered {
  /** Positions, block by block. */
  order: Int32Array;
  /** Where the block of a rule begins in `order`; one more than there are rules. */
  start: Int32Array;
}

/** Jobs of a rule side by side, in the order of their positions. */
export function by_rule({ rules, rule }: Shape): Ordered {
  const start = new Int32Array(rules.length + 1);
  for (const one of rule) start[one + 1] = (start[one + 1] as number) + 1;
  for (let i = 0; i < rules.length; i++) start[i + 1] = (start[i + 1] as number) + (start[i] as number);
  const next = start.slice();
  const order = new Int32Array(rule.length);
  for (let job = 0; job < rule.length; job++) {
    const one = rule[job] as number;
    const place = next[one] as number;
    next[one] = place + 1;
    order[place] = job;
  }
  return { order, start };
}

/**
 * Each job goes to the mean height of what it needs, then of what needs it, and so on. `top` and `height` of each block
 * say how high it stands; `sequence` holds the rules from left to right.
 */
export function sort_jobs(
  shape: Shape,
  { order, start }: Ordered,
  sequence: number[],
  top: ArrayLike<number>,
  height: ArrayLike<number>,
) {
  const jobs = shape.number.length;
  const y = new Float64Array(jobs);
  const keys = new Float64Array(jobs);
  const sorted = new Int32Array(jobs);
  const counts = new Int32Array(jobs * finer + 2);

  const stand = (rule: number) => {
    const [first, end] = [start[rule] as number, start[rule + 1] as number];
    const step = (height[rule] as number) / Math.max(1, end - first);
    for (let i = first; i < end; i++)
      y[order[i] as number] = (top[rule] as number) + (i - first + 0.5) * step;
  };
  const sort = (rule: number, at: Int32Array, list: Int32Array) => {
    const [first, end] = [start[rule] as number, start[rule + 1] as number];
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = first; i < end; i++) {
      const job = order[i] as number;
      const [from, to] = [at[job] as number, at[job + 1] as number];
      let key = y[job] as number;
      if (to > from) {
        let sum = 0;
        for (let k = from; k < to; k++) sum += y[list[k] as number] as number;
        key = sum / (to - from);
      }
      keys[i] = key;
      if (key < least) least = key;
      if (key > most) most = key;
    }
    if (!(most > least)) return;
    // A counting sort, which leaves equal ones as they stand.
    const buckets = (end - first) * finer;
    const scale = (buckets - 1) / (most - least);
    counts.fill(0, 0, buckets + 1);
    for (let i = first; i < end; i++) {
      const bucket = Math.round(((keys[i] as number) - least) * scale) + 1;
      counts[bucket] = (counts[bucket] as number) + 1;
    }
    for (let b = 0; b < buckets; b++) counts[b + 1] = (counts[b + 1] as number) + (counts[b] as number);
    for (let i = first; i < end; i++) {
      const bucket = Math.round(((keys[i] as number) - least) * scale);
      const place = counts[bucket] as number;
      counts[bucket] = place + 1;
      sorted[first + place] = order[i] as number;
    }
    order.set(sorted.subarray(first, end), first);
    stand(rule);
  };

  for (const rule of sequence) stand(rule);
  const back = [...sequence].reverse();
  for (let sweep = 0; sweep < sweeps; sweep++) {
    if (sweep % 2 === 0) for (const rule of sequence) sort(rule, shape.up_at, shape.up);
    else for (const rule of back) sort(rule, shape.down_at, shape.down);
  }
}
