/** The jobs of a plan and what each needs, as typed arrays. A position is a job's place in these lists. Pure. */

export interface Shape {
  /** Names; those that no job has are kept, so that indices stay. */
  rules: string[];
  /** By position. */
  number: Int32Array;
  rule: Int32Array;
  /** What position i needs stands in `up` from `up_at[i]` up to `up_at[i + 1]`; what needs it, so in `down`. */
  up_at: Int32Array;
  up: Int32Array;
  down_at: Int32Array;
  down: Int32Array;
}

/** A rule of which jobs need jobs of another, and how many times. Indices into `rules`. */
export interface Link {
  from: number;
  to: number;
  edges: number;
}

/** Columns as the API's `Graph` tells them: `edges` is flat, pairs of positions; the second needs the first. */
export interface Told {
  rules: string[];
  number: ArrayLike<number>;
  rule: ArrayLike<number>;
  edges: ArrayLike<number>;
}

function rows(from: Int32Array, to: Int32Array, jobs: number): [Int32Array, Int32Array] {
  const at = new Int32Array(jobs + 1);
  for (const job of from) at[job + 1] = (at[job + 1] as number) + 1;
  for (let i = 0; i < jobs; i++) at[i + 1] = (at[i + 1] as number) + (at[i] as number);
  const next = at.slice();
  const list = new Int32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const job = from[i] as number;
    const place = next[job] as number;
    next[job] = place + 1;
    list[place] = to[i] as number;
  }
  return [at, list];
}

export function shape_of({ rules, number, rule, edges }: Told): Shape {
  const jobs = number.length;
  const sources = new Int32Array(edges.length >> 1);
  const targets = new Int32Array(edges.length >> 1);
  let kept = 0;
  for (let i = 0; i + 1 < edges.length; i += 2) {
    const [from, to] = [edges[i] as number, edges[i + 1] as number];
    // A job that needs itself, or one that is not there, would lead a walk astray.
    if (from === to || !(from >= 0 && from < jobs) || !(to >= 0 && to < jobs)) continue;
    sources[kept] = from;
    targets[kept++] = to;
  }
  const [from, to] = [sources.subarray(0, kept), targets.subarray(0, kept)];
  const [down_at, down] = rows(from, to, jobs);
  const [up_at, up] = rows(to, from, jobs);
  return { rules, number: Int32Array.from(number), rule: Int32Array.from(rule), up_at, up, down_at, down };
}

/** Links between rules, each once, none from a rule to itself. */
export function links_of({ rules, rule, down_at, down }: Shape): Link[] {
  const many = rules.length;
  const edges = new Map<number, number>();
  let last = -1;
  let held = 0;
  const put = () => last >= 0 && edges.set(last, (edges.get(last) ?? 0) + held);
  for (let job = 0; job < rule.length; job++) {
    const from = rule[job] as number;
    for (let i = down_at[job] as number; i < (down_at[job + 1] as number); i++) {
      const to = rule[down[i] as number] as number;
      if (to === from) continue;
      const key = from * many + to;
      if (key !== last) {
        put();
        last = key;
        held = 0;
      }
      held++;
    }
  }
  put();
  return [...edges].map(([key, n]) => ({ from: Math.floor(key / many), to: key % many, edges: n }));
}

/** The longest way to each job, in steps; what stands in a circle has none. Each edge is looked at once. */
export function depths({ number, up_at, down_at, down }: Shape): Int32Array {
  const jobs = number.length;
  const depth = new Int32Array(jobs);
  const open = new Int32Array(jobs);
  const queue = new Int32Array(jobs);
  let end = 0;
  for (let job = 0; job < jobs; job++) {
    open[job] = (up_at[job + 1] as number) - (up_at[job] as number);
    if (open[job] === 0) queue[end++] = job;
  }
  for (let at = 0; at < end; at++) {
    const job = queue[at] as number;
    const next = (depth[job] as number) + 1;
    for (let i = down_at[job] as number; i < (down_at[job + 1] as number); i++) {
      const to = down[i] as number;
      if ((depth[to] as number) < next) depth[to] = next;
      const left = (open[to] as number) - 1;
      open[to] = left;
      if (left === 0) queue[end++] = to;
    }
  }
  return depth;
}
