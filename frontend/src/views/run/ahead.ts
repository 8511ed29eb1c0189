import type { QueryClient } from "@tanstack/react-query";
import { first_failure_query } from "../../api/failed.ts";
import { job_page_query } from "../../api/job_pages.ts";
import { jobs_count_query, me_query, rulegraph_query, run_query } from "../../api/queries.ts";
import { is_narrow } from "../../ui/narrow.ts";
import { job_filter, type RunSearch } from "./selection/search.ts";

/**
 * Asks for what a run's page opens with while its script is on the way: by itself each part would ask only once the one
 * around it stands. What fails here is asked for again, and told, by whoever shows it.
 */
export function look_ahead(cache: QueryClient, id: string, search: RunSearch) {
  const table = (search.tab ?? "jobs") === "jobs";
  if (table) import("./table/JobTable.tsx").catch(() => {});
  void ask(cache, id, search, table).catch(() => {});
}

async function ask(cache: QueryClient, id: string, search: RunSearch, table: boolean) {
  await cache.ensureQueryData(me_query); // who is not signed in asks for nothing else
  const run = cache.fetchQuery(run_query(id));
  if (table) {
    const filter = job_filter(search);
    void cache.prefetchQuery(job_page_query(cache, id, filter, 0));
    void cache.prefetchQuery(jobs_count_query(id, filter));
  }
  if (!is_narrow() || search.tab === "graph") void cache.prefetchQuery(rulegraph_query(id));
  const failed = (await run).first_failure?.number;
  if (failed != null) await cache.prefetchQuery(first_failure_query(id, failed));
}
