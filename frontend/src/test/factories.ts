/** Runs and jobs as lists of the API would tell them, made up but of one piece. */
import type {
  Figures,
  Job,
  JobCounts,
  JobStatus,
  LogLine,
  RuleCounts,
  Run,
  RunDetail,
} from "../api/types.ts";

let serial = 0;
export const an_id = () => `01900000-0000-7000-8000-${String(++serial).padStart(12, "0")}`;

export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

export function a_run(part: Partial<Run> = {}): Run {
  return {
    id: an_id(),
    name: "rna-seq",
    status: "succeeded",
    tags: [],
    note: "",
    workflow: "/data/rna7/Snakefile",
    workspace: "ada",
    host: "hpc-login2",
    user: "ada",
    started_at: ago(3600),
    ended_at: ago(600),
    last_heard_at: ago(600),
    lost_since: null,
    dry_run: false,
    imported: false,
    jobs: counts([]),
    progress: 1,
    eta: null,
    first_failure: null,
    revision: 1,
    clock_offset: 0,
    ...part,
  };
}

export function a_detail(part: Partial<RunDetail> = {}): RunDetail {
  return {
    ...a_run(part),
    now: new Date().toISOString(),
    last_event_at: ago(600),
    directory: "/data/projects/rna7",
    snakefile: "/data/projects/rna7/workflow/Snakefile",
    command: [
      "snakemake",
      "-c",
      "16",
      "--profile",
      "lab",
      "--logger",
      "flowo",
      "--config",
      "samples=all of them",
    ],
    executor: "slurm",
    cores: 16,
    snakemake_version: "9.27.1",
    python_version: "3.12.4",
    plugin_version: "3.0.0",
    platform: "Linux-6.1.0-x86_64-with-glibc2.36",
    scheduler_id: "48201",
    configfiles: ["config/config.yaml"],
    config_md5: "9a0364b9e99bb480dd25e1f0284c8555",
    profiles: ["/home/ada/.config/snakemake/slurm/config.yaml"],
    file_hashes: {
      "config/config.yaml": "5c62b1f0f1a5e8f6b8c5a2ac3f0f6d1d0f1f4c55c3e0a6e5d6fd2f3b1f5f9f10",
    },
    config: { samples: { A: "data/A.fastq", B: "data/B.fastq" }, threads: 8, api_token: "***" },
    config_cut: false,
    git: {
      remote: "git@lab.example.org:rna/rna7.git",
      commit: "4f2c1e9a7be33dd6cba0f8f8d5a5b5f7c3a11e02",
      branch: "main",
      dirty: true,
    },
    message: null,
    rules: [],
    wildcards: [],
    events: 412,
    gaps: 0,
    skipped_events: 0,
    waiting: null,
    may_edit: true,
    ...part,
  };
}

export function a_job(part: Partial<Job> = {}): Job {
  return {
    number: 1,
    rule: "align",
    status: "planned",
    wildcards: { sample: "A1" },
    attempt: 0,
    threads: 4,
    queued_at: null,
    started_at: null,
    ended_at: null,
    group: null,
    external_id: null,
    queue_seconds: null,
    run_seconds: null,
    reasons: [],
    ...part,
  };
}

export function counts(statuses: JobStatus[]): JobCounts {
  const made: JobCounts = {
    total: statuses.length,
    planned: 0,
    queued: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    aborted: 0,
    skipped: 0,
  };
  for (const status of statuses) made[status]++;
  return made;
}

export function rules_of(jobs: Job[]): RuleCounts[] {
  const by_rule = new Map<string, Job[]>();
  for (const job of jobs) {
    const held = by_rule.get(job.rule);
    if (held) held.push(job);
    else by_rule.set(job.rule, [job]);
  }
  return [...by_rule].map(([rule, own]) => ({
    rule,
    jobs: counts(own.map((job) => job.status)),
    mean_seconds: 42.5,
  }));
}

const missing = ({ succeeded }: JobCounts): Figures["reasons"] =>
  succeeded > 0 ? { missing_output: succeeded } : {};

export const a_figures = (run: RunDetail): Figures => ({
  jobs: run.jobs.succeeded,
  reasons: missing(run.jobs),
  rules: run.rules.map(({ rule, jobs }) => ({
    rule,
    median_seconds: jobs.succeeded > 0 ? 41 : null,
    reasons: missing(jobs),
  })),
});

export function log_lines(many: number, from_s: number): LogLine[] {
  const texts = [
    "Building DAG of jobs...",
    "Using shell: /usr/bin/bash",
    "Provided cores: 16",
    "Rules claiming more threads will be scaled down.",
    "Job stats:\njob          count\n---------  -------\nalign           48\nall              1\ncall            48\nqc              12\ntotal          109",
    "Select jobs to execute...",
    "Execute 4 jobs...",
  ];
  return Array.from({ length: many }, (_, i) => {
    const bad = i > 20 && i % 97 === 0;
    return {
      seq: i * 2 + 1,
      at: ago(from_s - (from_s / many) * i),
      level: bad ? "error" : i % 41 === 40 ? "warning" : "info",
      text:
        texts[i] ??
        (bad
          ? `Error in rule align:\n    message: None\n    jobid: ${i}\n    output: results/align/A${i}.bam\n    log: logs/align/A${i}.log (check log file(s) for error details)`
          : i % 3 === 0
            ? `[Mon Nov 23 14:02:${String(i % 60).padStart(2, "0")} 2026]\nFinished jobid: ${i} (Rule: align)`
            : `${i} of ${many} steps (${Math.round((i / many) * 100)}%) done`),
      job: i > 20 && i % 3 === 0 ? i : null,
    };
  });
}
