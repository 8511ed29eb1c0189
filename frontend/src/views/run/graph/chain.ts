/** The longest chain of jobs by what each took: the critical path so far. Pure, and in linear time. */

export interface Chain {
  /** Positions of its jobs, the first to run first; empty where nothing took any time. */
  jobs: number[];
  /** What they took together, in the unit given. */
  total: number;
}

/** A run that has ended has no other chain any more. */
export const chain_words = ({ ended_at }: { ended_at: string | null }): string =>
  ended_at === null ? "Longest chain so far" : "Longest chain";

/**
 * `edges`: flat pairs of positions (needed, needs it), as the API's `Graph` has them. `took`: of each position, 0 where it
 * is not known. Jobs in a loop, which no plan has, are in no chain.
 */
export function longest_chain(edges: ArrayLike<number>, took: ArrayLike<number>): Chain {
  const size = took.length;
  const links = edges.length >> 1;
  const from = (link: number) => edges[2 * link] as number;
  const to = (link: number) => edges[2 * link + 1] as number;
  const needs = new Int32Array(size); // how many are still to come before it
  const first = new Int32Array(size + 1); // where those that need it begin in `after`
  for (let i = 0; i < links; i++) {
    first[from(i) + 1] = (first[from(i) + 1] as number) + 1;
    needs[to(i)] = (needs[to(i)] as number) + 1;
  }
  for (let i = 0; i < size; i++) first[i + 1] = (first[i + 1] as number) + (first[i] as number);
  const place = first.slice();
  const after = new Int32Array(links);
  for (let i = 0; i < links; i++) {
    const at = place[from(i)] as number;
    after[at] = to(i);
    place[from(i)] = at + 1;
  }

  const before = new Int32Array(size).fill(-1); // on the longest way to it
  const arrival = new Float64Array(size); // how long that way took
  const open = new Int32Array(size);
  let filled = 0;
  for (let i = 0; i < size; i++) if (needs[i] === 0) open[filled++] = i;
  let last = -1;
  let total = 0;
  for (let at = 0; at < filled; at++) {
    const job = open[at] as number;
    const end = (arrival[job] as number) + Math.max(0, took[job] || 0);
    // What took no time yet is at no end: the chain is what was measured so far.
    if (end > total) {
      total = end;
      last = job;
    }
    const stop = first[job + 1] as number;
    for (let i = first[job] as number; i < stop; i++) {
      const next = after[i] as number;
      if (end > (arrival[next] as number)) {
        arrival[next] = end;
        before[next] = job;
      }
      const left = (needs[next] as number) - 1;
      needs[next] = left;
      if (left === 0) open[filled++] = next;
    }
  }
  const jobs: number[] = [];
  for (let job = last; job >= 0; job = before[job] as number) jobs.push(job);
  return { jobs: jobs.reverse(), total };
}
