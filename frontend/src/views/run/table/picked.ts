import { useEffect, useState } from "react";
import type { Job } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";

/** So many rows at most are picked one by one or as a range; for more there are filters. */
export const most_picked = 2000;

export interface Picked {
  jobs: ReadonlyMap<number, Job>;
  said: string;
  toggle: (job: Job, index: number) => void;
  /** From where one began to here. */
  extend: (index: number, between: (first: number, last: number) => Promise<Job[]>) => Promise<void>;
  /** All that are listed. */
  all: (total: number, between: (first: number, last: number) => Promise<Job[]>) => Promise<void>;
  clear: () => void;
}

/** The rows that a person picked, to copy or save them: kept while one scrolls and sorts, gone with the selection. */
export function usePicked(key: string): Picked {
  const [jobs, set_jobs] = useState<ReadonlyMap<number, Job>>(new Map());
  const [anchor, set_anchor] = useState<number | null>(null);
  const [said, say] = useState("");
  const clear = () => {
    set_jobs((held) => (held.size > 0 ? new Map() : held));
    set_anchor(null);
    say("");
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another selection has other rows
  useEffect(clear, [key]);
  const take = async (
    first: number,
    last: number,
    between: (first: number, last: number) => Promise<Job[]>,
  ) => {
    if (last - first >= most_picked) {
      say(`At most ${count(most_picked)} rows are picked; CSV without any picked tells all`);
      return;
    }
    say("");
    const found = await between(first, last);
    set_jobs(new Map(found.map((job) => [job.number, job])));
  };
  return {
    jobs,
    said,
    clear,
    all: (total, between) => take(0, total - 1, between),
    toggle: (job, index) => {
      say("");
      set_anchor(index);
      set_jobs((held) => {
        const next = new Map(held);
        if (!next.delete(job.number) && next.size < most_picked) next.set(job.number, job);
        return next;
      });
    },
    extend: async (index, between) => {
      const from = anchor ?? index;
      const [first, last] = from < index ? [from, index] : [index, from];
      if (anchor === null) set_anchor(index);
      await take(first, last, between);
    },
  };
}

/** Picked jobs as they are now, where that is known: a run goes on after one has picked. */
export function as_they_are(jobs: ReadonlyMap<number, Job>, shown: Job[]): Job[] {
  const now = new Map(shown.map((job) => [job.number, job]));
  return [...jobs.values()].map((job) => now.get(job.number) ?? job);
}

/** Numbers as the server's CSV takes them: 3,5-9. */
export function ranges(numbers: Iterable<number>): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (sorted[j + 1] === (sorted[j] ?? 0) + 1) j++;
    parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(",");
}
