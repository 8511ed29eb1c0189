/** Runs and jobs as the API would tell them, made up but of one piece. */
import type {
  Attempt,
  Figures,
  Job,
  JobCounts,
  JobDetail,
  JobStatus,
  LogLine,
  RuleCounts,
  RuleDetail,
  RuleSource,
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

export const failed_log = (sample: string) => `[M::bwa_idx_load_from_disk] read 0 ALT contigs
[M::process] read 1333334 sequences (200000100 bp)...
[M::mem_pestat] analyzing insert size distribution for orientation FR
GATK HaplotypeCaller v4.5.0.0 on ${sample}
12:01:07.114 INFO  ProgressMeter - chr7:55019017  12.4  48210  3884.2
12:04:31.902 INFO  ProgressMeter - chr7:116312459  15.8  61020  3861.9
java.lang.OutOfMemoryError: Java heap space
    at java.base/java.util.Arrays.copyOf(Arrays.java:3537)
    at org.broadinstitute.hellbender.utils.SVInterval.grow(SVInterval.java:211)
slurmstepd: error: Detected 1 oom_kill event in StepId=48213.batch. Some of the step tasks have been OOM Killed.
`;

function attempts_of(job: Job): Attempt[] {
  return Array.from({ length: job.attempt }, (_, i) => {
    const last = i === job.attempt - 1;
    const status = last ? job.status : "failed";
    const failed = status === "failed";
    const sample = job.wildcards.sample ?? "all";
    const log = failed
      ? {
          path: `logs/${job.rule}/${sample}.log`,
          tail: failed_log(sample),
          size: 48_213,
          note: null,
          cluster: false,
        }
      : null;
    return {
      attempt: i + 1,
      status,
      queued_at: job.queued_at,
      started_at: job.started_at,
      ended_at: last ? job.ended_at : job.started_at,
      exit_code: failed ? 137 : status === "succeeded" ? 0 : null,
      signal: null,
      class: failed ? "oom" : null,
      evidence: failed ? "slurm: OUT_OF_MEMORY" : null,
      message: failed ? "SLURM-job '48213' failed, SLURM status is: 'OUT_OF_MEMORY'." : null,
      log,
      logs: log
        ? [
            log,
            {
              path: `.snakemake/slurm_logs/rule_${job.rule}/48213.log`,
              tail: "slurmstepd: error: Detected 1 oom_kill event in StepId=48213.batch.\n",
              size: 2104,
              note: null,
              cluster: true,
            },
          ]
        : [],
      inputs: failed
        ? {
            files: [
              { path: "resources/genome.fa", exists: true, size: 3_137_300_923, note: null },
              { path: `results/trimmed/${sample}_R1.fastq.gz`, exists: true, size: 0, note: null },
              { path: `results/trimmed/${sample}_R2.fastq.gz`, exists: false, size: null, note: null },
            ],
            total: 3,
            note: null,
          }
        : null,
      cluster_log: failed ? `.snakemake/slurm_logs/rule_${job.rule}/48213.log` : null,
      external_id: job.external_id,
      resources: { mem_mb: 4000 * (i + 1), runtime: 60 },
      figures: status === "succeeded" ? { s: 184.2, max_rss: 3120, cpu_time: 610.4, mean_load: 331.2 } : null,
      repeats: [],
      queue_seconds: status === "succeeded" ? 412 : null,
      run_seconds: status === "succeeded" ? 184.2 : null,
      timed_by: status === "succeeded" ? "benchmark" : null,
      remote: null,
    };
  });
}

export function a_job_detail(job: Job, run: Run, others: Job[]): JobDetail {
  const sample = job.wildcards.sample ?? "all";
  const near = others.filter((other) => other.wildcards.sample === sample);
  const above = near.filter((other) => other.number > job.number).slice(0, 2);
  const below = near.filter((other) => other.number < job.number).slice(0, 2);
  const link = ({ number, rule, status, wildcards }: Job) => ({ number, rule, status, wildcards });
  return {
    ...job,
    now: new Date().toISOString(),
    run_status: run.status,
    inputs: [
      `resources/genome.fa`,
      `results/trimmed/${sample}_R1.fastq.gz`,
      `results/trimmed/${sample}_R2.fastq.gz`,
    ],
    outputs: [`results/${job.rule}/${sample}.bam`],
    inputs_total: 3,
    outputs_total: 1,
    logs: [`logs/${job.rule}/${sample}.log`],
    benchmark: `benchmarks/${job.rule}/${sample}.tsv`,
    resources: { mem_mb: 8000, disk_mb: 20_000, runtime: 120, tmpdir: "/scratch", _cores: 4 },
    priority: 0,
    reason: "Input files updated by another job: results/trimmed",
    command: `bwa mem -t ${job.threads} -R '@RG\\tID:${sample}\\tSM:${sample}' resources/genome.fa \\\n    results/trimmed/${sample}_R1.fastq.gz results/trimmed/${sample}_R2.fastq.gz \\\n  | samtools sort -@ 2 -o results/${job.rule}/${sample}.bam - 2> logs/${job.rule}/${sample}.log`,
    params: { extra: "-M", seed: 42 },
    environment: { conda: "envs/bwa.yaml", container: null },
    checkpoint: false,
    message: `${job.rule} of ${sample}`,
    depends_on: above.map(link),
    dependents: below.map(link),
    near: [
      ...above.map((one) => ({ step: -1, rule: one.rule, jobs: counts([one.status]), links: [link(one)] })),
      ...below.map((one) => ({ step: 1, rule: one.rule, jobs: counts([one.status]), links: [link(one)] })),
    ],
    made_by: { open: 0, jobs: above.map((one, i) => ({ job: link(one), files: [i + 1] })), users: {} },
    used_by: {
      open: 0,
      jobs: below.map((one) => ({ job: link(one), files: [0] })),
      users: { 0: below.length } as Record<string, number>,
    },
    attempts: attempts_of(job),
    unfinished:
      job.status === "skipped"
        ? { reason: "interrupted", text: "The run was interrupted before this job was started.", job: null }
        : null,
  };
}

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

const a_source = (part: Partial<RuleSource>): RuleSource => ({
  role: "rule",
  path: null,
  line: null,
  text: null,
  sha256: null,
  note: null,
  ...part,
});

/** A rule with a script and an environment, as they were written. */
export const a_rule_detail = (rule: string): RuleDetail => ({
  rule,
  directive: "script",
  sources: [
    a_source({
      role: "rule",
      path: "/data/rna7/workflow/Snakefile",
      line: 41,
      text: `rule ${rule}:\n    input:\n        "reads/{sample}.fastq",\n    script:\n        "scripts/${rule}.py"\n`,
    }),
    a_source({
      role: "script",
      path: `/data/rna7/workflow/scripts/${rule}.py`,
      text: "import gzip\n\nprint(1)\n",
      sha256: "5e",
    }),
    a_source({ role: "conda", path: "/data/rna7/envs/map.yaml", note: "there is no such file" }),
  ],
  command: null,
  conda: null,
  container: "docker://lab/map:1",
  modules: [],
});
