/** What failed: one by one, by what they have in common, and how it is run again. All of one cause here. */
import type { Alike, Failure, Job } from "../../api/types.ts";
import { a_job_detail } from "../details.ts";
import type { MadeRun } from "../made_runs.ts";
import type { World } from "../world.ts";
import { chosen } from "./jobs.ts";
import { type Answers, page } from "./route.ts";

const cause = { exit_code: 137, signal: null, class: "oom" } as const;

function failure_of({ jobs, detail }: MadeRun, job: Job): Failure {
  const last = a_job_detail(job, detail, jobs).attempts.at(-1);
  return {
    ...{ number: job.number, rule: job.rule, wildcards: job.wildcards, attempt: job.attempt },
    ...cause,
    message: null,
    at: job.ended_at,
    evidence: last?.evidence ?? null,
    log: last?.log ?? null,
    tails: last?.logs ?? [],
    inputs: last?.inputs ?? null,
    job_status: job.status,
    logs: ["logs/a.log"],
    command: "gatk HaplotypeCaller -R genome.fa",
    attempts: job.attempt,
  };
}

function alike({ runs }: World, { jobs, detail }: MadeRun): Alike[] {
  const failed = jobs.filter((job) => job.status === "failed");
  const [first] = failed;
  if (!first) return [];
  const seen = runs
    .filter((other) => other.detail !== detail && other.detail.status === "failed")
    .slice(0, 2);
  return [
    {
      ...{ signature: "6acad450735b3f6b", count: failed.length, rule: first.rule, ...cause },
      evidence: "slurm: OUT_OF_MEMORY",
      line: "java.lang.OutOfMemoryError: Java heap space",
      last_line: null,
      ...{ first_at: first.ended_at, last_at: failed.at(-1)?.ended_at ?? null },
      jobs: failed.slice(0, 12).map(({ number, wildcards }) => ({ number, wildcards })),
      seen: seen.map(({ detail: { id, name, started_at, clock_offset } }) => ({
        ...{ id, name, started_at, clock_offset, count: 2 },
      })),
      seen_total: seen.length,
    },
  ];
}

export const failures: Answers = {
  "GET /api/v1/runs/{run_id}/failures": ({ run, query }) => {
    const failed = chosen(run, query).filter((job) => job.status === "failed");
    return page(
      failed.map((job) => failure_of(run, job)),
      query,
    );
  },
  "GET /api/v1/runs/{run_id}/failures/groups": ({ world, run, query }) => page(alike(world, run), query),
  "GET /api/v1/runs/{run_id}/rerun": ({ run: { detail } }) => ({
    status: 200,
    body: {
      command:
        "cd /data/projects/rna7 && snakemake -c 16 --rerun-incomplete --until results/call_variants/A1.bam",
      ...{ jobs: detail.jobs.failed, whole_rules: detail.jobs.failed > 40, masked: false },
    },
  }),
};
