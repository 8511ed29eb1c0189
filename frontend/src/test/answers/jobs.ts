/** The table of jobs: its filters and sorts, one job, its logs, and what is offered while one types. */
import type { Job, JobDetail } from "../../api/types.ts";
import { job_statuses } from "../../theme/status.ts";
import { a_job_detail } from "../details.ts";
import type { MadeRun } from "../made_runs.ts";
import { type Answers, page, problem } from "./route.ts";

const sorters: Record<string, (job: Job) => number | string> = {
  number: (job) => job.number,
  rule: (job) => job.rule,
  status: (job) => job_statuses.indexOf(job.status),
  started_at: (job) => job.started_at ?? "",
  attempt: (job) => job.attempt,
  duration: (job) =>
    job.started_at && job.ended_at ? Date.parse(job.ended_at) - Date.parse(job.started_at) : 0,
};

/** The jobs that the filters leave, in the order that is asked for. */
export function chosen({ jobs }: MadeRun, query: URLSearchParams): Job[] {
  const status = query.getAll("status");
  const rule = query.getAll("rule");
  const q = (query.get("q") ?? "").toLowerCase();
  const id = query.getAll("id");
  const wild = new Map<string, string[]>();
  for (const pair of query.getAll("wildcard")) {
    const at = pair.indexOf(":");
    wild.set(pair.slice(0, at), [...(wild.get(pair.slice(0, at)) ?? []), pair.slice(at + 1)]);
  }
  const found = jobs.filter(
    (job) =>
      (id.length === 0 || id.includes(String(job.number)) || id.includes(job.external_id ?? "")) &&
      [...wild].every(([name, values]) => values.includes(job.wildcards[name] ?? "")) &&
      (status.length === 0 || status.includes(job.status)) &&
      (rule.length === 0 || rule.includes(job.rule)) &&
      `${job.rule} ${Object.values(job.wildcards).join(" ")} ${job.number}`.toLowerCase().includes(q),
  );
  const sort = query.get("sort") ?? "number";
  const by = sorters[sort.replace("-", "")] ?? sorters.number;
  const sign = sort.startsWith("-") ? -1 : 1;
  return by ? [...found].sort((a, b) => sign * (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0)) : found;
}

/** A job with all that is told of it; undefined where there is none of that number. */
export function detail_of({ jobs, detail }: MadeRun, number: string): JobDetail | undefined {
  const job = jobs.find((one) => String(one.number) === number);
  return job && a_job_detail(job, detail, jobs);
}

/** The copy of a failed attempt's log, else what a tool would have said by now. */
function log_of(job: JobDetail, which: string, query: URLSearchParams) {
  const attempt = job.attempts.find((one) => String(one.attempt) === query.get("attempt"));
  const path = which === "cluster" ? attempt?.cluster_log : job.logs[Number(which)];
  if (!attempt || !path) return undefined;
  const copy = attempt.logs.find((log) => log.path === path);
  const now = new Date().toISOString();
  const line = (i: number) => `[\x1b[32mINFO\x1b[0m] \x1b[2m${i}\x1b[0m reads of \x1b[1m${job.rule}\x1b[0m\n`;
  const text = copy?.tail ?? Array.from({ length: 400 }, (_, i) => line(i)).join("");
  const size = text.length;
  const read = { generation: 1, anew: true, start: 0, stop: size, text, size, read_at: now };
  const live = copy !== undefined || job.run_status === "running";
  return {
    ...(live ? read : { ...read, text: "", stop: 0, size: null, read_at: null, generation: 0 }),
    state: copy ? ("kept" as const) : live ? ("live" as const) : ("over" as const),
    ...{ note: copy?.note ?? null, now, path, attempt: attempt.attempt },
  };
}

const no_job = () => problem(404, "Not found", "There is no such job.");

export const jobs: Answers = {
  "GET /api/v1/runs/{run_id}/jobs": ({ run, query }) => page(chosen(run, query), query),
  "GET /api/v1/runs/{run_id}/jobs/count": ({ run, query }) => {
    const found = chosen(run, query);
    const rules: Record<string, number> = {};
    for (const job of found) rules[job.rule] = (rules[job.rule] ?? 0) + 1;
    return { status: 200, body: { count: found.length, rules } };
  },
  "GET /api/v1/runs/{run_id}/jobs/marks": ({ run, query }) => {
    const step = Number(query.get("step") ?? 200);
    const pages = Math.ceil(chosen(run, query).length / step);
    const cursors = Array.from({ length: Math.max(0, pages - 1) }, (_, i) => String((i + 1) * step));
    return { status: 200, body: { step, cursors } };
  },
  "GET /api/v1/runs/{run_id}/jobs/{number}": ({ run, at }) => {
    const body = detail_of(run, at.number);
    return body ? { status: 200, body } : no_job();
  },
  "GET /api/v1/runs/{run_id}/jobs/{number}/neighbours": ({ run, query, at }) => {
    const list = chosen(run, query);
    const here = list.findIndex((job) => String(job.number) === at.number);
    const [before, next] = here < 0 ? [null, list[0]] : [list[here - 1], list[here + 1]];
    return { status: 200, body: { before: before?.number ?? null, next: next?.number ?? null } };
  },
  "GET /api/v1/runs/{run_id}/jobs/{number}/logs/{index}": ({ run, query, at }) => {
    const job = detail_of(run, at.number);
    if (!job) return no_job();
    const body = log_of(job, at.index, query);
    return body ? { status: 200, body } : problem(404, "Not found", "There is no such log.");
  },
  "GET /api/v1/runs/{run_id}/wildcards": ({ run, query }) => {
    const name = query.get("name");
    const typed = query.get("q") ?? "";
    const pairs = run.jobs.flatMap((job) => Object.entries(job.wildcards).map((pair) => pair.join("\0")));
    const items = [...new Set(pairs)]
      .map((pair) => pair.split("\0"))
      .map(([one, value]) => ({ name: one ?? "", value: value ?? "" }))
      .filter((one) => (name === null || one.name === name) && one.value.startsWith(typed));
    return { status: 200, body: { items: items.slice(0, Number(query.get("limit") ?? 20)) } };
  },
};
