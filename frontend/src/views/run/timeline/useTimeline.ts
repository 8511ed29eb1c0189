import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { graph_query } from "../../../api/graph.ts";
import {
  is_within,
  matches_query,
  run_now,
  type Spans,
  spans_query,
  status_at,
  took,
  values_query,
} from "../../../api/spans.ts";
import type { RunDetail } from "../../../api/types.ts";
import { useLive } from "../../../live/live.tsx";
import { useNow } from "../../../ui/clock.ts";
import { type Chain, longest_chain } from "../graph/chain.ts";
import { is_filtered, job_filter } from "../selection/search.ts";
import { useSelection } from "../selection/selection.ts";
import { groups_of, type LaneKind, wildcard_of } from "./groups.ts";
import { type Lanes, lanes_of } from "./lanes.ts";

/** All that is drawn of a run. */
export interface Drawn {
  run: RunDetail;
  spans: Spans;
  lanes: Lanes;
  kind: LaneKind;
  /** Of which moment this is: where what is not over ends. ms since the base, as all moments here. */
  until: number;
  /** By row; 1 for what is not chosen; null: all are. */
  dimmed: Uint8Array | null;
  /** Rows of failed attempts that are chosen, by time. */
  failed: number[];
}

/** The moment that a run's open attempts reach to: now while it runs, else its end or when it was last heard of. */
function until_of(run: RunDetail, spans: Spans, now_ms: number): number {
  if (run.status === "running") return run_now(spans, now_ms, run.clock_offset);
  if (run.ended_at) return Date.parse(run.ended_at) - spans.base;
  const heard = run.lost_since ?? run.last_heard_at;
  return heard ? run_now(spans, Date.parse(heard), run.clock_offset) : 0;
}

export function useTimeline(run: RunDetail, kind: LaneKind) {
  const told = useQuery(spans_query(run.id));
  const wildcard = wildcard_of(kind);
  const values = useQuery({ ...values_query(run.id, wildcard ?? ""), enabled: wildcard !== null });
  const { search } = useSelection();
  const filter = useMemo(() => job_filter(search), [search]);
  const filtered = is_filtered(filter);
  const matches = useQuery({ ...matches_query(run.id, filter), enabled: filtered });
  const { as_of } = useLive();
  const now = useNow(run.status === "running");

  const spans = told.data;
  const groups = useMemo(() => spans && groups_of(spans, kind, values.data), [spans, kind, values.data]);
  const held = useRef<Lanes | undefined>(undefined);
  const lanes = useMemo(() => {
    if (!spans || !groups) return undefined;
    held.current = lanes_of(spans, groups, held.current);
    return held.current;
  }, [spans, groups]);
  const ranges = filtered ? matches.data?.ranges : undefined;
  const dimmed = useMemo(() => {
    if (!spans || !ranges) return null;
    return Uint8Array.from({ length: spans.size }, (_, i) =>
      is_within(ranges, spans.number[i] as number) ? 0 : 1,
    );
  }, [spans, ranges]);
  const failed = useMemo(() => {
    const is = status_at("failed");
    const found: number[] = [];
    if (!spans || !lanes) return found;
    for (const i of lanes.order) {
      if (spans.status[i] === is && (lanes.lane[i] as number) >= 0 && dimmed?.[i] !== 1) found.push(i);
    }
    return found;
  }, [spans, lanes, dimmed]);
  const drawn: Drawn | undefined =
    spans && lanes
      ? { run, spans, lanes, kind, until: until_of(run, spans, as_of ?? now), dimmed, failed }
      : undefined;
  return { drawn, told, values, matches };
}

const chain_ms = 10_000;

/** The longest chain of the plan by what its jobs took so far, as rows of their last attempts; asked for when wanted. */
export function useChain(
  { run, spans, until }: Drawn,
  wanted: boolean,
): { chain: Chain; rows: number[] } | null {
  const graph = useQuery({ ...graph_query(run.id), enabled: wanted }).data;
  // While jobs run it grows every moment: looked at again now and then.
  const slot = run.status === "running" ? Math.floor(until / chain_ms) : -1;
  const at = useRef({ spans, until });
  at.current = { spans, until };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what moves each moment is read as the slot turns, or rows are others
  return useMemo(() => {
    if (!wanted || !graph || graph.edges.length === 0 || slot < -1) return null;
    const { spans: held, until: now } = at.current;
    const chain = longest_chain(graph.edges, took(held, graph.number, now));
    const rows = chain.jobs.flatMap((job) => held.last.get(graph.number[job] as number) ?? []);
    return { chain, rows };
  }, [graph, wanted, slot, spans.anew, run.status]);
}
