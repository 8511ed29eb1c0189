import { queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import { type JobFilter, keys } from "./queries.ts";
import type { Neighbours } from "./types.ts";

/** The jobs before and after one in a list. Kept beside the counts: asked for again when the list may have moved. */
export const neighbours_query = (id: string, filter: JobFilter, number: number) =>
  queryOptions({
    queryKey: [...keys.job_counts(id), filter, "neighbours", number],
    queryFn: ({ signal }) =>
      get<Neighbours>(
        path(`runs/${encodeURIComponent(id)}/jobs/${number}/neighbours`, { ...filter }),
        signal,
      ),
  });
