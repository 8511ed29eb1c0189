import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type JobPage, job_page_key } from "../../../api/job_pages.ts";
import type { JobFilter } from "../../../api/queries.ts";
import { pointed_at } from "../../../live/refresh.ts";

const calm_ms = 300;

/**
 * Pages are asked for one by one, each from where the one before ended: where that ends elsewhere by now, rows between
 * the two would be shown twice or not at all. In a run that goes on this is asked again anyway, so it waits for a calm.
 */
export function useSeams(
  id: string,
  filter: JobFilter,
  pages: Map<number, JobPage | undefined>,
  busy: boolean,
) {
  const cache = useQueryClient();
  const torn = [...pages].find(([page, held]) => {
    const before = pages.get(page - 1);
    return held && before && held.from !== before.next;
  })?.[0];
  const state = torn === undefined ? "" : `${torn} ${pages.get(torn - 1)?.next}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `state` stands for all that is looked at
  useEffect(() => {
    if (torn === undefined || busy) return;
    let timer = 0;
    const mend = () => {
      if (pointed_at()) timer = window.setTimeout(mend, calm_ms);
      else void cache.invalidateQueries({ queryKey: job_page_key(id, filter, torn), exact: true });
    };
    timer = window.setTimeout(mend, calm_ms);
    return () => clearTimeout(timer);
  }, [cache, state, busy]);
}
