import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { job_page_key, job_page_query, job_page_size } from "../../../api/job_pages.ts";
import { neighbours_query } from "../../../api/neighbours.ts";
import { type JobFilter, jobs_count_query } from "../../../api/queries.ts";
import type { Job, Page } from "../../../api/types.ts";
import { useSeams } from "./seams.ts";

export interface Jobs {
  /** The job at a place of the list; nothing while its page is not there. */
  at: (index: number) => Job | undefined;
  /** Loaded ones on screen. */
  shown: Job[];
  total: number;
  pending: boolean;
  /** What is shown is of the selection before, until the answer to this one comes. */
  old: boolean;
  fetching: boolean;
  error: Error | null;
  again: () => void;
  /** Jobs from one place to another, both included; what is not there is fetched. */
  between: (first: number, last: number) => Promise<Job[]>;
}

const page_of = (index: number) => Math.floor(index / job_page_size);

/**
 * The list from row `first` to `last`, page by page, each by its key. While one scrolls far, nothing is asked for but
 * what adjoins what is there: the rows that fly by are not read by anybody.
 */
export function useJobs(
  id: string,
  filter: JobFilter,
  first: number,
  last: number,
  scrolling: boolean,
): Jobs {
  const cache = useQueryClient();
  const counted = useQuery(jobs_count_query(id, filter));
  const held = (page: number) => cache.getQueryData<Page<Job>>(job_page_key(id, filter, page));
  const wanted = new Set<number>([0]);
  // The next page before one needs it.
  for (let page = page_of(Math.max(0, first - 60)); page <= page_of(last + 60); page++) {
    const before = page > 0 ? held(page - 1) : undefined;
    if (before && before.next === null) break;
    if (page === 0 || held(page) || before || !scrolling) wanted.add(page);
  }
  const pages = [...wanted].filter(
    (page) => page === 0 || page * job_page_size < (counted.data?.count ?? Number.POSITIVE_INFINITY),
  );
  const results = useQueries({ queries: pages.map((page) => job_page_query(cache, id, filter, page)) });
  const by_page = new Map(pages.map((page, i) => [page, results[i]?.data]));
  useSeams(
    id,
    filter,
    by_page,
    results.some((one) => one.isFetching),
  );
  const begin = results[pages.indexOf(0)];

  const latest = useRef<{ id: string; pages: Map<number, Page<Job> | undefined>; total: number } | null>(
    null,
  );
  const whole = begin?.data && begin.data.next === null ? begin.data.items.length : undefined;
  const known = counted.isPlaceholderData ? undefined : counted.data?.count;
  const total =
    whole ?? known ?? (begin?.data ? Math.max(counted.data?.count ?? 0, begin.data.items.length) : 0);
  const pending = begin?.isPending ?? true;
  const instead = pending && latest.current?.id === id ? latest.current : null;
  useEffect(() => {
    if (!pending) latest.current = { id, pages: by_page, total };
  });

  const source = instead?.pages ?? by_page;
  const at = (index: number) =>
    (source.get(page_of(index)) ?? (instead ? undefined : held(page_of(index))))?.items[
      index % job_page_size
    ];
  const loaded = [...source.values()];
  const seen = useRef(loaded);
  // The map is new each time, the pages in it are not.
  if (loaded.length !== seen.current.length || loaded.some((page, i) => page !== seen.current[i]))
    seen.current = loaded;
  const kept = seen.current;
  const shown = useMemo(() => kept.flatMap((page) => page?.items ?? []), [kept]);
  const between = useCallback(
    async (from: number, to: number) => {
      const found: Job[] = [];
      for (let page = page_of(from); page <= page_of(to); page++) {
        const { items } = await cache.fetchQuery({
          ...job_page_query(cache, id, filter, page),
          staleTime: 30_000,
        });
        const start = page * job_page_size;
        found.push(...items.slice(Math.max(0, from - start), to - start + 1));
      }
      return found;
    },
    [cache, id, filter],
  );
  return {
    at,
    shown,
    total: instead?.total ?? total,
    pending: pending && !instead,
    old: instead !== null,
    fetching: results.some((one) => one.isFetching),
    error: begin?.data ? null : (begin?.error ?? null),
    again: () => void begin?.refetch(),
    between,
  };
}

/**
 * The jobs before and after one, in the order of the table behind it. Where the table holds it, its pages tell; else
 * the server does, also of a job that the filters leave out: those beside where it would stand.
 */
export function useNeighbours(id: string, filter: JobFilter, number: number) {
  const cache = useQueryClient();
  const place = find(
    cache.getQueriesData<Page<Job>>({ queryKey: job_page_key(id, filter, 0).slice(0, 4) }),
    number,
  );
  const last = place !== undefined && place.row >= place.items.length - 1;
  const pages = place ? [place.page - 1, place.page, place.page + 1] : [];
  const results = useQueries({
    queries: pages
      .filter((one) => one >= 0 && (one <= (place?.page ?? 0) || last))
      .map((one) => job_page_query(cache, id, filter, one)),
  });
  const asked = place === undefined && Number.isInteger(number);
  const told = useQuery({ ...neighbours_query(id, filter, number), enabled: asked, retry: false });
  // What was told earlier may be of another order: jobs have moved since.
  const known =
    !results.some((result) => result.isPending) && !(asked && (told.isPending || told.isFetching));
  const around = results.flatMap((result) => result.data?.items ?? []);
  const at = around.findIndex((job) => job.number === number);
  if (at >= 0) return { next: around[at + 1]?.number, before: around[at - 1]?.number, known };
  return { next: told.data?.next ?? undefined, before: told.data?.before ?? undefined, known };
}

function find(pages: [readonly unknown[], Page<Job> | undefined][], number: number) {
  for (const [key, held] of pages) {
    const row = held?.items.findIndex((job) => job.number === number) ?? -1;
    if (held && row >= 0) return { page: Number(key[4]), row, items: held.items };
  }
  return undefined;
}
