import { expect, it, vi } from "vitest";
import { make_cache } from "../api/cache.ts";
import { job_page_query } from "../api/job_pages.ts";
import { made_run } from "./made_runs.ts";
import { World } from "./world.ts";

const failed = made_run({ status: "failed" }, { samples: 3, done: 0.8, failing: 1 });
const { id } = failed.detail;
const number = failed.detail.first_failure?.number ?? 0;
const cache = make_cache();
const all = { status: [], rule: [], wildcard: [], id: [], q: "" };
const sorted = { ...all, sort: "number" };

/** How each query of `api/` is asked, by its name there. */
const asked: Record<string, unknown[] | null> = {
  me_query: null,
  sign_in_query: null,
  first_run_query: null,
  tokens_query: null,
  facets_query: null,
  runs_query: [{ status: [], tag: [], q: "" }],
  run_query: [id],
  siblings_query: [id],
  job_page_query: [cache, id, sorted, 0],
  jobs_count_query: [id, all],
  job_query: [id, number],
  job_row_query: [id, number],
  first_failure_query: [id, number],
  neighbours_query: [id, sorted, number],
  rule_query: [id, "align"],
  rulegraph_query: [id],
  graph_query: [id],
  grid_query: [id, null],
  spans_query: [id],
  matches_query: [id, all],
  values_query: [id, "sample"],
  figures_query: [id],
  usage_query: [id],
  failure_groups_query: [id, all],
  failures_query: [id, "6acad450735b3f6b", all],
  rerun_query: [id],
  wildcard_values_query: [id, { name: "sample", q: "A" }],
  tail_query: [{ id, number, attempt: 2, log: "cluster" }],
  log_query: [id],
};

type Query = Parameters<typeof cache.fetchQuery>[0];
const modules = import.meta.glob<Record<string, unknown>>(["../api/*.ts", "!../api/*.test.ts"], {
  eager: true,
});
const queries = Object.values(modules).flatMap((module) =>
  Object.entries(module).filter(([name]) => name.endsWith("_query")),
);

it("answers whatever the pages ask for", async () => {
  expect(queries.map(([name]) => name).sort()).toEqual(Object.keys(asked).sort());
  const world = new World([failed]);
  vi.stubGlobal("fetch", async (input: string) => {
    const { status, body } = world.answer("GET", new URL(input), undefined);
    return new Response(JSON.stringify(body), { status });
  });
  for (const [name, query] of queries) {
    const given = asked[name];
    const made = given ? (query as (...given: unknown[]) => Query)(...given) : (query as Query);
    const told =
      "initialPageParam" in made ? cache.fetchInfiniteQuery(made as never) : cache.fetchQuery(made);
    expect(await told, name).toBeTruthy();
  }
  await cache.fetchQuery(job_page_query(make_cache(), id, sorted, 1)); // its cursor has to be asked for
  expect(world.unanswered).toEqual([]);
});
