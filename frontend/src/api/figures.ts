import { queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import type { Figures, Usage } from "./types.ts";

/** Not under the run: what the stream tells of that waits for no answer of these. */
export const figures_key = (id: string) => ["figures", id] as const;

/** What the rules of a run took, and why their jobs ran. */
export const figures_query = (id: string) =>
  queryOptions({
    queryKey: figures_key(id),
    queryFn: ({ signal }) => get<Figures>(path(`runs/${encodeURIComponent(id)}/rules`), signal),
    staleTime: 10_000,
  });

/** What the jobs of each rule took and used; under the same key, so that it is asked for again with those. */
export const usage_query = (id: string) =>
  queryOptions({
    queryKey: [...figures_key(id), "usage"],
    queryFn: ({ signal }) => get<Usage>(path(`runs/${encodeURIComponent(id)}/usage`), signal),
    staleTime: 10_000,
  });
