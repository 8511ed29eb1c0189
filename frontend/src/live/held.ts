import type { QueryClient } from "@tanstack/react-query";
import { keys, run_query } from "../api/queries.ts";
import type { RunDetail } from "../api/types.ts";

/** Longer than an answer is shown without being asked for again: all that is held is younger than such a rest. */
const rest_ms = 60_000;

/**
 * Asks how a run stands. Its revision, where it has ended and nothing was heard of it for so long that whatever is held of
 * it was read since: then nothing else must be asked for again. A lost run may change without being heard of.
 */
export async function at_rest(cache: QueryClient, id: string): Promise<number | null> {
  await cache.invalidateQueries({ queryKey: keys.detail(id) });
  const state = cache.getQueryState<RunDetail>(run_query(id).queryKey);
  const run = state?.isInvalidated ? undefined : state?.data; // still so where no answer came
  if (!run?.last_heard_at || (run.status !== "succeeded" && run.status !== "failed")) return null;
  return Date.parse(run.now) - Date.parse(run.last_heard_at) > rest_ms ? run.revision : null;
}

/** The numbers of the jobs that are shown with all that is known of them: in a drawer, on a card. */
export const told_jobs = (cache: QueryClient, id: string): Set<number> =>
  new Set(
    cache
      .getQueryCache()
      .findAll({ queryKey: keys.job(id, 0).slice(0, 3) })
      .map(({ queryKey }) => queryKey[3] as number),
  );
