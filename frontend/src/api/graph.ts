import { queryOptions } from "@tanstack/react-query";
import { get, path } from "./client.ts";
import { status_at } from "./spans.ts";
import type { Graph } from "./types.ts";

/** All jobs of a plan in columns, as `schemas.Graph` tells them; while the plan stays, so do these very arrays. */
export interface JobGraph {
  /** 0: no plan was recorded, these are the jobs that were heard of. */
  generation: number;
  rules: string[];
  number: Int32Array;
  /** Indices into `rules`. */
  rule: Int32Array;
  /** Pairs of positions: the second needs the first. */
  edges: Int32Array;
  /** Indices into `job_statuses`, as they were when this was asked for. */
  status: Uint8Array;
}

/** Not under the run: what the stream tells of that waits for no answer of these. */
export const graph_key = (id: string) => ["graph", id] as const;

const planned = status_at("planned");

export function graph_of({ generation, rules, number, rule, edges, status }: Graph): JobGraph {
  const at = new Map([...new Set(status)].map((one) => [one, status_at(one)]));
  return {
    generation,
    rules,
    number: Int32Array.from(number),
    rule: Int32Array.from(rule),
    edges: Int32Array.from(edges),
    status: Uint8Array.from(status, (one) => {
      const known = at.get(one) ?? -1;
      return known < 0 ? planned : known;
    }),
  };
}

const equal = (a: Int32Array, b: Int32Array) => a.length === b.length && a.every((one, i) => one === b[i]);

/** The new statuses beside the plan that is held, where that is the same: it would be laid out again for nothing. */
export function same_plan(held: JobGraph | undefined, next: JobGraph): JobGraph {
  const same =
    held?.generation === next.generation &&
    held.rules.join("\0") === next.rules.join("\0") &&
    equal(held.number, next.number) &&
    equal(held.rule, next.rule) &&
    equal(held.edges, next.edges);
  if (!same) return next;
  const { rules, number, rule, edges } = held;
  return { ...next, rules, number, rule, edges };
}

export const graph_query = (id: string) =>
  queryOptions({
    queryKey: graph_key(id),
    queryFn: async ({ signal }) =>
      graph_of(await get<Graph>(path(`runs/${encodeURIComponent(id)}/graph`), signal)),
    structuralSharing: (held, next) => same_plan(held as JobGraph | undefined, next as JobGraph),
    gcTime: 60_000,
  });
