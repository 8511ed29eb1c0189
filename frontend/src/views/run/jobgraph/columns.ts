/** Which column each rule stands in, and where its block stands there. Pure; few rules, so nothing here counts jobs. */
import type { Link } from "./shape.ts";

/**
 * The longest way to each rule, in links. Where links go round in a circle, the rule whose jobs stand first goes first:
 * `early` is less for it.
 */
export function columns_of(rules: number, links: Link[], early: ArrayLike<number>): Int32Array {
  const column = new Int32Array(rules);
  const needs = new Int32Array(rules);
  const after: number[][] = Array.from({ length: rules }, () => []);
  for (const { from, to } of links) {
    after[from]?.push(to);
    needs[to] = (needs[to] as number) + 1;
  }
  const left = new Set(Array.from({ length: rules }, (_, rule) => rule));
  const free = [...left].filter((rule) => needs[rule] === 0);
  while (left.size > 0) {
    let rule = free.pop();
    if (rule === undefined) {
      for (const one of left) {
        if (rule === undefined || (early[one] as number) < (early[rule] as number)) rule = one;
      }
    }
    if (rule === undefined || !left.delete(rule)) continue;
    for (const to of after[rule] ?? []) {
      if (!left.has(to)) continue;
      column[to] = Math.max(column[to] as number, (column[rule] as number) + 1);
      needs[to] = (needs[to] as number) - 1;
      if (needs[to] === 0) free.push(to);
    }
  }
  return column;
}

/** What stands in a column: the block of a rule, or a lane by which links pass on to columns further right. */
interface Node {
  column: number;
  height: number;
  /** How much it counts where not all can stand as they would like: lanes give way to blocks. */
  weight: number;
  /** Top. */
  y: number;
  before: number[];
  after: number[];
}

export interface Placed {
  /** Top of each rule's block. */
  y: Float64Array;
  /** Of each link the heights that it passes through, one for each column between its ends. */
  lanes: number[][];
  height: number;
}

const sweeps = 8;
const lane_height = 10;
const block_weight = 20;

/** Blocks one above the other in their columns, near to what they are linked with; nothing overlaps. */
export function place(heights: ArrayLike<number>, column: Int32Array, links: Link[], gap: number): Placed {
  const nodes: Node[] = Array.from(heights, (height, rule) => ({
    column: column[rule] as number,
    height,
    weight: block_weight,
    y: 0,
    before: [],
    after: [],
  }));
  const join = (a: number, b: number) => {
    if (nodes[a]?.after.includes(b)) return;
    nodes[a]?.after.push(b);
    nodes[b]?.before.push(a);
  };
  // Links of one rule share their lanes.
  const lane_of = new Map<string, number>();
  const passed = links.map(({ from, to }) => {
    const path: number[] = [];
    let last = from;
    for (let at = (column[from] as number) + 1; at < (column[to] as number); at++) {
      const key = `${from} ${at}`;
      let lane = lane_of.get(key);
      if (lane === undefined) {
        lane = nodes.push({ column: at, height: lane_height, weight: 1, y: 0, before: [], after: [] }) - 1;
        lane_of.set(key, lane);
      }
      join(last, lane);
      path.push(lane);
      last = lane;
    }
    if ((column[from] as number) < (column[to] as number)) join(last, to);
    return path;
  });
  const columns: number[][] = [];
  nodes.forEach((node, at) => {
    columns[node.column] ??= [];
    columns[node.column]?.push(at);
  });
  for (const own of columns) stack(nodes, own, gap, () => 0);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const right = sweep % 2 === 0;
    for (const own of right ? columns : [...columns].reverse()) {
      const wanted = (at: number) => {
        const { before = [], after = [], y = 0 } = nodes[at] ?? {};
        const near = (right ? before : after).length > 0 ? (right ? before : after) : right ? after : before;
        if (near.length === 0) return y;
        let [sum, weights] = [0, 0];
        for (const one of near) {
          const { y: top = 0, height = 0, weight = 1 } = nodes[one] ?? {};
          sum += (top + height / 2) * weight;
          weights += weight;
        }
        return sum / weights - (nodes[at]?.height ?? 0) / 2;
      };
      stack(nodes, own, gap, wanted);
    }
  }
  const top = nodes.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const bottom = nodes.reduce((most, { y, height }) => Math.max(most, y + height), top);
  return {
    y: Float64Array.from(heights, (_, rule) => (nodes[rule]?.y ?? 0) - top),
    lanes: passed.map((path) => path.map((lane) => (nodes[lane]?.y ?? 0) - top + lane_height / 2)),
    height: nodes.length > 0 ? bottom - top : 0,
  };
}

/**
 * Sorts a column by where each would like to stand, and moves as little as possible so that none overlaps: neighbours
 * that press against each other stand together at the mean of what they want.
 */
function stack(nodes: Node[], own: number[], gap: number, wanted: (at: number) => number) {
  const want = new Map(own.map((at) => [at, wanted(at)]));
  const middle = (at: number) => (want.get(at) ?? 0) + (nodes[at]?.height ?? 0) / 2;
  own.sort((a, b) => middle(a) - middle(b) || a - b);
  const groups: { sum: number; weight: number; size: number; members: number[] }[] = [];
  for (const at of own) {
    const { height = 0, weight = 1 } = nodes[at] ?? {};
    let group = { sum: (want.get(at) ?? 0) * weight, weight, size: height + gap, members: [at] };
    for (let above = groups.at(-1); above; above = groups.at(-1)) {
      if (above.sum / above.weight + above.size <= group.sum / group.weight) break;
      groups.pop();
      group = {
        // Each of the lower group would like to stand so much higher, seen from the top of both.
        sum: above.sum + group.sum - above.size * group.weight,
        weight: above.weight + group.weight,
        size: above.size + group.size,
        members: [...above.members, ...group.members],
      };
    }
    groups.push(group);
  }
  for (const { sum, weight, members } of groups) {
    let y = sum / weight;
    for (const at of members) {
      const node = nodes[at];
      if (!node) continue;
      node.y = y;
      y += node.height + gap;
    }
  }
}
