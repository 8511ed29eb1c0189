/** All that is told of one job with its attempts, and of one rule with its code. */
import type { Attempt, Job, JobDetail, RuleDetail, RuleSource, Run } from "../api/types.ts";
import { counts } from "./factories.ts";

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
