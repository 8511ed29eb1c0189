/** The list of runs, one of them, what people change of it, and what comes from Snakemake about it as a whole. */
import type { Run, RunDetail } from "../../api/types.ts";
import { a_rule_detail } from "../details.ts";
import { a_figures } from "../factories.ts";
import { type MadeRun, rehash } from "../made_runs.ts";
import type { World } from "../world.ts";
import { type Answers, page } from "./route.ts";

/** What the list tells of a run, without what only its own page does. */
function row_of(detail: RunDetail): Run {
  const { id, name, status, tags, note, workflow, workspace, host, user, started_at, ended_at } = detail;
  const { last_heard_at, lost_since, dry_run, imported, jobs, progress, eta, first_failure } = detail;
  const { revision, clock_offset } = detail;
  return {
    ...{ id, name, status, tags, note, workflow, workspace, host, user, started_at, ended_at },
    ...{ last_heard_at, lost_since, dry_run, imported, jobs, progress, eta, first_failure },
    ...{ revision, clock_offset },
  };
}

function filtered({ runs }: World, query: URLSearchParams): MadeRun[] {
  const status = query.getAll("status");
  const tag = query.getAll("tag");
  const q = (query.get("q") ?? "").toLowerCase();
  return runs.filter(
    ({ detail }) =>
      (status.length === 0 || status.includes(detail.status)) &&
      tag.every((one) => detail.tags.includes(one)) &&
      detail.name.toLowerCase().includes(q),
  );
}

function facets({ runs }: World) {
  const status: Record<string, number> = {};
  const tags = new Map<string, number>();
  for (const { detail } of runs) {
    status[detail.status] = (status[detail.status] ?? 0) + 1;
    for (const tag of detail.tags) tags.set(tag, (tags.get(tag) ?? 0) + 1);
  }
  return { total: runs.length, status, tags: [...tags].map(([tag, many]) => ({ tag, runs: many })) };
}

const seconds_of = ({ started_at, ended_at }: RunDetail) =>
  started_at && ended_at ? (Date.parse(ended_at) - Date.parse(started_at)) / 1000 : null;

function siblings({ runs }: World, run: MadeRun) {
  const same = runs.filter(({ detail }) => detail.workflow === run.detail.workflow).reverse();
  const at = same.indexOf(run);
  const from = Math.max(0, Math.min(at - 10, same.length - 20));
  return {
    items: same.slice(from, from + 20).map(({ detail }) => {
      const { id, name, status, jobs, started_at, ended_at, clock_offset } = detail;
      return { id, name, status, jobs, started_at, ended_at, clock_offset, seconds: seconds_of(detail) };
    }),
    previous: same[at - 1]?.detail.id ?? null,
    next: same[at + 1]?.detail.id ?? null,
  };
}

/** As the server does it when a person says that a lost run has ended. */
function end(run: MadeRun): RunDetail {
  const { detail, jobs } = run;
  for (const job of jobs) {
    if (job.status === "running") job.status = "aborted";
    if (job.status === "queued" || job.status === "planned") job.status = "skipped";
  }
  Object.assign(detail, { status: "interrupted", ended_at: detail.lost_since, lost_since: null });
  detail.revision++;
  rehash(run);
  return detail;
}

export const runs: Answers = {
  "GET /api/v1/runs": ({ world, query }) =>
    page(
      filtered(world, query).map((run) => row_of(run.detail)),
      query,
    ),
  "GET /api/v1/runs/facets": ({ world }) => ({ status: 200, body: facets(world) }),
  "GET /api/v1/runs/{run_id}": ({ run }) => ({ status: 200, body: run.detail }),
  "PATCH /api/v1/runs/{run_id}": ({ run: { detail }, body }) => ({
    status: 200,
    body: Object.assign(detail, body, { revision: detail.revision + 1 }),
  }),
  "DELETE /api/v1/runs/{run_id}": ({ world, run }) => {
    world.runs = world.runs.filter((one) => one !== run);
    return { status: 204 };
  },
  "POST /api/v1/runs/{run_id}/end": ({ run }) => ({ status: 200, body: end(run) }),
  "GET /api/v1/runs/{run_id}/siblings": ({ world, run }) => ({ status: 200, body: siblings(world, run) }),
  "GET /api/v1/runs/{run_id}/log": ({ run, query }) => {
    const since = Number(query.get("since") ?? -1);
    return page(
      run.log.filter((line) => line.seq > since),
      query,
    );
  },
  "GET /api/v1/runs/{run_id}/rulegraph": ({ run: { detail, links } }) => ({
    status: 200,
    body: { nodes: detail.rules, links },
  }),
  "GET /api/v1/runs/{run_id}/rules": ({ run }) => ({ status: 200, body: a_figures(run.detail) }),
  "GET /api/v1/runs/{run_id}/rules/{rule}": ({ at }) => ({ status: 200, body: a_rule_detail(at.rule) }),
};
