/** Runs of the pretended server, as a pipeline of twelve rules would leave them. */
import type { FirstFailure, Job, JobStatus, RuleGraph, RunDetail } from "../api/types.ts";
import { failed_log } from "./details.ts";
import { a_detail, a_job, ago, counts, log_lines, rules_of } from "./factories.ts";

export interface MadeRun {
  detail: RunDetail;
  jobs: Job[];
  links: RuleGraph["links"];
  log: ReturnType<typeof log_lines>;
}

const chain: [string, string[]][] = [
  ["all", ["multiqc", "report"]],
  ["report", ["merge_calls", "expression_matrix"]],
  ["multiqc", ["fastqc", "flagstat"]],
  ["merge_calls", ["call_variants"]],
  ["expression_matrix", ["quantify"]],
  ["call_variants", ["mark_duplicates"]],
  ["quantify", ["align"]],
  ["flagstat", ["mark_duplicates"]],
  ["mark_duplicates", ["align"]],
  ["align", ["trim", "index_genome"]],
  ["fastqc", []],
  ["trim", []],
  ["index_genome", []],
];
const once = new Set(["all", "report", "multiqc", "merge_calls", "expression_matrix", "index_genome"]);
export function rehash(run: MadeRun) {
  const { detail, jobs } = run;
  detail.jobs = counts(jobs.map((job) => job.status));
  detail.rules = rules_of(jobs);
  detail.progress = jobs.length > 0 ? detail.jobs.succeeded / jobs.length : 0;
}

export function made_run(part: Partial<RunDetail>, { samples = 0, done = 0, failing = 0 } = {}): MadeRun {
  const jobs: Job[] = [];
  const status_at = (share: number): JobStatus => {
    if (share < done) return "succeeded";
    if (part.status !== "running" && part.status !== "lost") return "skipped";
    if (share < done + 0.05) return "running";
    return share < done + 0.12 ? "queued" : "planned";
  };
  if (samples > 0) {
    const order = [...chain].reverse();
    order.forEach(([rule], depth) => {
      const many = once.has(rule) ? 1 : samples;
      for (let i = 0; i < many; i++) {
        const status = status_at((depth + i / many) / order.length);
        const open = status === "planned" || status === "queued" || status === "skipped";
        const wildcards: Record<string, string> = many === 1 ? {} : { sample: `A${i + 1}` };
        jobs.push(
          a_job({
            rule,
            status,
            wildcards,
            attempt: open ? 0 : i % 17 === 4 ? 2 : 1,
            queued_at: status === "planned" || status === "skipped" ? null : ago(900 - depth * 30),
            started_at: open ? null : ago(860 - depth * 40 - i),
            ended_at: status === "succeeded" ? ago(700 - depth * 40 - i * 1.7) : null,
            reasons: open ? [] : [i % 5 === 3 ? "params_changed" : "missing_output"],
            external_id: open ? null : String(48_200 + jobs.length),
          }),
        );
      }
    });
    for (const job of jobs.filter((job) => job.rule === "call_variants").slice(0, failing)) {
      Object.assign(job, { status: "failed", attempt: 2, started_at: ago(800), ended_at: ago(640) });
    }
    jobs.forEach((job, i) => {
      job.number = jobs.length - 1 - i;
    });
    jobs.reverse();
  }
  const bad = jobs.find((job) => job.status === "failed");
  const first_failure: FirstFailure | null = bad
    ? {
        number: bad.number,
        rule: bad.rule,
        wildcards: bad.wildcards,
        attempt: bad.attempt,
        exit_code: 137,
        signal: null,
        class: "oom" as const,
        evidence: "slurm: OUT_OF_MEMORY",
        message: failed_log(bad.wildcards.sample ?? ""),
        at: bad.ended_at,
      }
    : null;
  const run: MadeRun = {
    detail: a_detail({ wildcards: samples > 0 ? ["sample"] : [], first_failure, ...part }),
    jobs,
    links:
      samples > 0
        ? chain.flatMap(([rule, needs]) => needs.map((need) => ({ source: need, target: rule })))
        : [],
    log: log_lines(samples > 100 ? 4000 : samples > 0 ? 240 : 6, 900),
  };
  rehash(run);
  return run;
}
