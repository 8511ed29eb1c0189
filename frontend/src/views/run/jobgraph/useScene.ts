import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { JobGraph } from "../../../api/graph.ts";
import {
  is_within,
  matches_query,
  run_now,
  spans_query,
  status_at,
  took,
  values_query,
} from "../../../api/spans.ts";
import type { RunDetail } from "../../../api/types.ts";
import { type JobStatus, job_statuses } from "../../../theme/status.ts";
import { server_now } from "../../../ui/clock.ts";
import { type Chain, longest_chain } from "../graph/chain.ts";
import { is_filtered, job_filter, type RunSearch } from "../selection/search.ts";

const chain_ms = 3000;
const most_wildcards = 6;
const planned = status_at("planned");

/** How jobs stand now, by position: as the plan's answer had it, then as the stream tells of those that were tried. */
export function useStates(id: string, graph: JobGraph): Uint8Array {
  const spans = useQuery(spans_query(id)).data;
  return useMemo(() => {
    const states = graph.status.slice();
    if (!spans) return states;
    for (let job = 0; job < states.length; job++) {
      const number = graph.number[job] as number;
      const row = spans.last.get(number);
      // What waits for its next try has not failed: the counters and the table say so too.
      if (row !== undefined) states[job] = spans.again.has(number) ? planned : (spans.status[row] as number);
    }
    return states;
  }, [graph, spans]);
}

/** By position, 1 where a job is not in the selection; null where nothing is chosen. */
export function useDim(
  id: string,
  search: RunSearch,
  graph: JobGraph,
  states: Uint8Array,
): Uint8Array | null {
  const filter = useMemo(() => job_filter(search), [search]);
  // Rule and status are known here; they are asked for with the rest only.
  const far = filter.wildcard.length > 0 || filter.id.length > 0 || filter.q !== "";
  const matches = useQuery({
    ...matches_query(id, { ...filter, status: [] }),
    enabled: far,
  }).data;
  return useMemo(() => {
    if (!is_filtered(filter)) return null;
    const rules = new Set(filter.rule.map((rule) => graph.rules.indexOf(rule)));
    const kinds = new Set(filter.status.map((status) => job_statuses.indexOf(status as JobStatus)));
    const dim = new Uint8Array(states.length);
    for (let job = 0; job < states.length; job++) {
      const out =
        (rules.size > 0 && !rules.has(graph.rule[job] as number)) ||
        (kinds.size > 0 && !kinds.has(states[job] as number)) ||
        (far && matches !== undefined && !is_within(matches.ranges, graph.number[job] as number));
      dim[job] = out ? 1 : 0;
    }
    return dim;
  }, [filter, far, matches, graph, states]);
}

const none: Chain = { jobs: [], total: 0 };

/** The longest chain so far while it is asked for, looked for again every few seconds while jobs move. */
export function useChain(run: RunDetail, graph: JobGraph, wanted: boolean): Chain {
  const { clock_offset, id, lost_since } = run;
  const spans = useQuery({ ...spans_query(id), enabled: wanted }).data;
  const [chain, set_chain] = useState(none);
  const last = useRef(0);
  useEffect(() => {
    if (!wanted || !spans) {
      set_chain(none);
      last.current = 0;
      return;
    }
    const timer = setTimeout(
      () => {
        last.current = Date.now();
        const now = run_now(spans, lost_since ? Date.parse(lost_since) : server_now(), clock_offset ?? 0);
        set_chain(longest_chain(graph.edges, took(spans, graph.number, now)));
      },
      Math.max(0, last.current + chain_ms - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [wanted, spans, graph.edges, graph.number, clock_offset, lost_since]);
  return wanted ? chain : none;
}

/** What a job's cell says: the values of its wildcards. They are asked for once somebody is near enough to read them. */
export function useLabels(run: RunDetail, graph: JobGraph, wanted: boolean) {
  const names = useMemo(() => run.wildcards.slice(0, most_wildcards), [run.wildcards]);
  const columns = useQueries({
    queries: names.map((name) => ({ ...values_query(run.id, name), enabled: wanted })),
    combine: (all) => all.map(({ data }) => data),
  });
  const key = columns.map((column) => (column ? column.of.size : "")).join();
  const held = useRef(columns);
  held.current = columns;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the columns are another array each time; `key` is what they hold
  return useMemo(() => {
    const of = (job: number): [string, string][] => {
      const number = graph.number[job] as number;
      return names.flatMap((name, i) => {
        const column = held.current[i];
        const value = column?.of.get(number);
        return column && value !== undefined ? [[name, column.values[value] ?? ""]] : [];
      });
    };
    return {
      wildcards: of,
      short: (job: number) =>
        of(job)
          .map(([, value]) => value)
          .join(" ") || `job ${graph.number[job]}`,
    };
  }, [graph.number, names, key]);
}
