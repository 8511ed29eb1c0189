/** What is drawn of a run as a whole, in columns: the job graph, the timeline, the grid, and which jobs are meant. */
import type { Graph, Grid, Job, JobValues, RuleUsage, SpansAnswer } from "../../api/types.ts";
import { job_statuses } from "../../theme/status.ts";
import { a_job_detail } from "../details.ts";
import type { MadeRun } from "../made_runs.ts";
import { chosen } from "./jobs.ts";
import { type Answers, problem } from "./route.ts";

const rules_of = (jobs: Job[]) => [...new Set(jobs.map((job) => job.rule))];
const rising = (jobs: Job[]) => [...jobs].sort((a, b) => a.number - b.number);

/** Jobs of two linked rules hang together where they are of one sample, or one of them of none. */
function graph_of({ jobs, links }: MadeRun): Graph {
  const own = rising(jobs);
  const rules = rules_of(own);
  const edges = links.flatMap(({ source, target }) =>
    own.flatMap((one, i) =>
      one.rule !== source
        ? []
        : own.flatMap((other, k) => {
            const [a, b] = [one.wildcards.sample, other.wildcards.sample];
            return other.rule === target && (!a || !b || a === b) ? [i, k] : [];
          }),
    ),
  );
  return {
    generation: 1,
    rules,
    number: own.map((job) => job.number),
    rule: own.map((job) => rules.indexOf(job.rule)),
    status: own.map((job) => job.status),
    edges,
  };
}

function spans_of({ jobs, detail }: MadeRun): SpansAnswer {
  const base = detail.started_at ?? detail.now;
  const since = (at: string | null) => (at === null ? null : Date.parse(at) - Date.parse(base));
  const ms = (seconds: number | null) => (seconds === null ? null : seconds * 1000);
  const rules = rules_of(jobs);
  const told = rising(jobs).flatMap((job) =>
    a_job_detail(job, detail, jobs).attempts.map((attempt) => ({ job, attempt })),
  );
  const column = <T>(value: (one: (typeof told)[number]) => T) => told.map(value);
  return {
    base,
    rules,
    statuses: [...job_statuses],
    number: column(({ job }) => job.number),
    attempt: column(({ attempt }) => attempt.attempt),
    rule: column(({ job }) => rules.indexOf(job.rule)),
    status: column(({ attempt }) => job_statuses.indexOf(attempt.status)),
    queued: column(({ attempt }) => since(attempt.queued_at)),
    started: column(({ attempt }) => since(attempt.started_at)),
    ended: column(({ attempt }) => since(attempt.ended_at)),
    queue: column(({ attempt }) => ms(attempt.queue_seconds)),
    run: column(({ attempt }) => ms(attempt.run_seconds)),
    threads: column(({ job }) => job.threads),
    mem_mb: column(({ attempt }) => Number(attempt.resources.mem_mb)),
    max_rss_mb: column(({ attempt }) => attempt.figures?.max_rss ?? null),
    mean_load: column(({ attempt }) => attempt.figures?.mean_load ?? null),
    again: [],
  };
}

/** By one wildcard, the first of the run's where none is asked for. */
function grid_of({ jobs, detail }: MadeRun, asked: string | null): Grid {
  const wildcard = asked ?? detail.wildcards[0] ?? null;
  const rules = rules_of(jobs);
  const value_of = (job: Job) => (wildcard === null ? undefined : job.wildcards[wildcard]) ?? null;
  const known = [...new Set(jobs.map(value_of))].filter((value) => value !== null).sort();
  const values = jobs.some((job) => value_of(job) === null) ? [...known, null] : known;
  const cells = new Map<string, [number, number, number, number, number]>();
  for (const job of rising(jobs)) {
    const [row, rule] = [values.indexOf(value_of(job)), rules.indexOf(job.rule)];
    const status = job_statuses.indexOf(job.status);
    const key = `${row} ${rule} ${status}`;
    const cell = cells.get(key);
    if (cell) cell[3]++;
    else cells.set(key, [row, rule, status, 1, job.number]);
  }
  return {
    ...{ wildcard, wildcards: detail.wildcards, rules, values, total: known.length },
    statuses: [...job_statuses],
    cells: [...cells.values()],
  };
}

/** Pairs of first and last number, of jobs whose numbers follow one another. */
function ranges_of(numbers: number[]): number[] {
  const ranges: number[] = [];
  for (const number of numbers) {
    if (ranges.at(-1) === number - 1) ranges[ranges.length - 1] = number;
    else ranges.push(number, number);
  }
  return ranges;
}

function values_of({ jobs }: MadeRun, wildcard: string): JobValues {
  const own = rising(jobs).filter((job) => wildcard in job.wildcards);
  const values = [...new Set(own.map((job) => job.wildcards[wildcard] ?? ""))].sort();
  return {
    ...{ wildcard, values },
    number: own.map((job) => job.number),
    value: own.map((job) => values.indexOf(job.wildcards[wildcard] ?? "")),
  };
}

const usage_of = (rule: string, jobs: Job[]): RuleUsage => {
  const timed = jobs.filter((job) => job.rule === rule && job.status === "succeeded").length;
  return {
    ...{ rule, timed, weighed: timed, loaded: timed },
    ...{ median_seconds: 41, p95_seconds: 80, max_seconds: 184.2, total_seconds: timed * 42 },
    ...{ threads: 4, mem_mb: 8000, runtime_minutes: 120 },
    ...{ p95_rss_mb: 3000, max_rss_mb: 3120, median_load: 331.2 },
  };
};

export const whole: Answers = {
  "GET /api/v1/runs/{run_id}/graph": ({ run }) => ({ status: 200, body: graph_of(run) }),
  "GET /api/v1/runs/{run_id}/spans": ({ run }) => ({ status: 200, body: spans_of(run) }),
  "GET /api/v1/runs/{run_id}/grid": ({ run, query }) => ({
    status: 200,
    body: grid_of(run, query.get("wildcard")),
  }),
  "GET /api/v1/runs/{run_id}/matches": ({ run, query }) => {
    const numbers = rising(chosen(run, query)).map((job) => job.number);
    return { status: 200, body: { count: numbers.length, ranges: ranges_of(numbers) } };
  },
  "GET /api/v1/runs/{run_id}/wildcards/{name}/jobs": ({ run, at }) =>
    run.detail.wildcards.includes(at.name)
      ? { status: 200, body: values_of(run, at.name) }
      : problem(404, "Not found", "No job of this run has such a wildcard."),
  "GET /api/v1/runs/{run_id}/usage": ({ run: { jobs } }) => ({
    status: 200,
    body: { rules: rules_of(jobs).map((rule) => usage_of(rule, jobs)) },
  }),
};
