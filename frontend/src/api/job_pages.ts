import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import { type JobFilter, keys, run_route } from "./queries.ts";
import type { Job, Marks, Page } from "./types.ts";

export const job_page_size = 200;

/** The cursors of all pages of a list, in one pass of the server: asked for when one goes where no page before is held. */
const marks_query = (id: string, filter: JobFilter) =>
  queryOptions({
    queryKey: [...keys.job_marks(id), filter],
    queryFn: ({ signal }) =>
      get<Marks>(path(`${run_route(id)}/jobs/marks`, { ...filter, step: job_page_size }), signal),
  });

/** The cursor with which a page begins; null where the list ends before it. */
async function cursor_of(cache: QueryClient, id: string, filter: JobFilter, page: number) {
  if (page === 0) return "";
  const before = cache.getQueryCache().find({ queryKey: job_page_key(id, filter, page - 1) });
  // What is shown is asked for again as it changes; what was left behind long ago may begin elsewhere now.
  if (before?.state.data && (before.isActive() || !before.isStaleByTime(30_000)))
    return (before.state.data as Page<Job>).next;
  return (
    (await cache.fetchQuery({ ...marks_query(id, filter), staleTime: 30_000 })).cursors[page - 1] ?? null
  );
}

export const job_page_key = (id: string, filter: JobFilter, page: number) =>
  [...keys.job_lists(id), filter, page] as const;

export interface JobPage extends Page<Job> {
  /** The cursor with which it began; null where the list ended before it. */
  from: string | null;
}

/** The n-th page of the job table, counted from 0, by its key: no page before it must be loaded. */
export const job_page_query = (cache: QueryClient, id: string, filter: JobFilter, page: number) =>
  queryOptions({
    queryKey: job_page_key(id, filter, page),
    queryFn: async ({ signal }): Promise<JobPage> => {
      const from = await cursor_of(cache, id, filter, page);
      if (from === null) return { items: [], next: null, from };
      const route = path(`${run_route(id)}/jobs`, { ...filter, limit: job_page_size, cursor: from });
      return { ...(await get<Page<Job>>(route, signal)), from };
    },
    gcTime: 60_000,
  });
