import { queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import { keys } from "./queries.ts";
import type { JobDetail } from "./types.ts";

/** The job that failed first as its card shows it: without its place in the graph, for which a whole plan is read. */
export const first_failure_query = (id: string, number: number) =>
  queryOptions({
    queryKey: [...keys.job(id, number), "card"],
    queryFn: ({ signal }) =>
      get<JobDetail>(path(`runs/${encodeURIComponent(id)}/jobs/${number}`, { place: "false" }), signal),
  });
