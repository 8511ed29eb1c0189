import { useMemo } from "react";
import type { JobCounts, RuleGraph } from "../../../api/types.ts";
import { job_statuses } from "../../../theme/status.ts";
import { duration } from "../../../ui/format.ts";
import type { Laid } from "./useBoxes.ts";

export function sum(all: JobCounts[]): JobCounts {
  const [first, ...rest] = all;
  if (first && rest.length === 0) return first;
  const total: JobCounts = {
    total: 0,
    planned: 0,
    queued: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    aborted: 0,
    skipped: 0,
  };
  for (const jobs of all) {
    total.total += jobs.total;
    for (const status of job_statuses) total[status] += jobs[status];
  }
  return total;
}

/** Per box: its counts as they are now, and what its jobs took. */
export function useCounted(graph: RuleGraph, laid: Laid, medians: Map<string, number | null>) {
  return useMemo(() => {
    const jobs = new Map(graph.nodes.map((node) => [node.rule, node.jobs]));
    return new Map(
      laid.boxes.map((box) => [
        box.id,
        {
          counts: sum(box.rules.flatMap((rule) => jobs.get(rule) ?? [])),
          // The median of several rules is no sum of theirs, and would say nothing of any.
          took: box.folded ? `${box.rules.length} rules` : duration(medians.get(box.title)),
        },
      ]),
    );
  }, [graph.nodes, laid.boxes, medians]);
}
