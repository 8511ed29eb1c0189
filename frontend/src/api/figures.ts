import { queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import type { Figures } from "./types.ts";

/** Not under the run: what the stream tells of that waits for no answer of these. */
export const figures_key = (id: string) => ["figures", id] as const;

/** What the rules of a run took, and why their jobs ran. */
export const figures_query = (id: string) =>
  queryOptions({
    queryKey: figures_key(id),
    queryFn: ({ signal }) => get<Figures>(path(`runs/${encodeURIComponent(id)}/rules`), signal),
    staleTime: 10_000,
  });
