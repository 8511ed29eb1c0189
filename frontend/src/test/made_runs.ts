/** The runs of the pretended server: one for each state that the pages have to show. */
import type { FirstFailure, Job, JobStatus, RuleGraph, RunDetail } from "../api/types.ts";
import { a_detail, a_job, ago, counts, failed_log, log_lines, rules_of } from "./factories.ts";

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
const long = (rule: string) =>
  `${rule}_of_the_filtered_and_normalised_reads_that_were_kept_after_quality_control_x`;

export function rehash(run: MadeRun) {
  const { detail, jobs } = run;
  detail.jobs = counts(jobs.map((job) => job.status));
  detail.rules = rules_of(jobs);
  detail.progress = jobs.length > 0 ? detail.jobs.succeeded / jobs.length : 0;
}

export function made_run(
  part: Partial<RunDetail>,
  { samples = 0, done = 0, failing = 0, long_names = false, names = ["sample"] } = {},
): MadeRun {
  const rename = (rule: string) => (long_names ? long(rule) : rule);
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
        for (const name of many > 1 ? names.slice(1) : []) wildcards[name] = `${name}${i % 5}`;
        jobs.push(
          a_job({
            rule: rename(rule),
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
    for (const job of jobs.filter((job) => job.rule === rename("call_variants")).slice(0, failing)) {
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
    detail: a_detail({ wildcards: samples > 0 ? names : [], first_failure, ...part }),
    jobs,
    links:
      samples > 0
        ? chain.flatMap(([rule, needs]) =>
            needs.map((need) => ({ source: rename(need), target: rename(rule) })),
          )
        : [],
    log: log_lines(samples > 100 ? 4000 : samples > 0 ? 240 : 6, 900),
  };
  rehash(run);
  return run;
}

const still_open = { status: "running", ended_at: null, last_heard_at: ago(1) } as const;

export function all_made_runs(): MadeRun[] {
  const made = [
    made_run(
      {
        ...still_open,
        name: "rna-seq batch 7",
        started_at: ago(910),
        tags: ["lab7", "qc"],
        eta: { low: 1500, high: 2400, rough: false },
      },
      { samples: 12, done: 0.42, failing: 0 },
    ),
    made_run(
      {
        status: "failed",
        name: "variant-calling",
        started_at: ago(3700),
        ended_at: ago(620),
        host: "lab-srv",
        tags: ["lab7"],
      },
      { samples: 12, done: 0.78, failing: 2 },
    ),
    made_run(
      {
        status: "lost",
        name: "methylation pilot",
        started_at: ago(2400),
        ended_at: null,
        last_heard_at: ago(250),
        lost_since: ago(250),
      },
      { samples: 8, done: 0.5 },
    ),
    made_run({ ...still_open, name: "new cohort", started_at: ago(6) }),
    made_run({
      status: "failed",
      name: "typo",
      first_failure: {
        ...{
          number: null,
          rule: null,
          wildcards: {},
          attempt: null,
          exit_code: null,
          signal: null,
          class: null,
          evidence: null,
        },
        message: 'MissingInputException in rule trim in file "workflow/rules/trim.smk", line 12',
        at: ago(4998),
      },
      started_at: ago(5000),
      ended_at: ago(4998),
      message:
        'MissingInputException in rule trim in file "/data/projects/rna7/workflow/rules/trim.smk", line 12:\nMissing input files for rule trim:\n    output: results/trimmed/A9_R1.fastq.gz\n    wildcards: sample=A9\n    affected files:\n        raw/A9_R1.fastq.gz',
    }),
    made_run({
      status: "succeeded",
      name: "rna-seq batch 6",
      started_at: ago(90_000),
      ended_at: ago(89_998),
    }),
    made_run(
      {
        status: "succeeded",
        dry_run: true,
        name: "what would run",
        started_at: ago(91_000),
        ended_at: ago(90_997),
      },
      { samples: 5, done: 0 },
    ),
    made_run(
      {
        status: "interrupted",
        name: "stopped by hand",
        started_at: ago(95_000),
        ended_at: ago(94_000),
        tags: ["qc"],
      },
      { samples: 10, done: 0.3 },
    ),
    made_run(
      {
        ...still_open,
        name: "population scale, all chromosomes, second attempt with the corrected reference of last Tuesday",
        started_at: ago(7400),
        tags: ["production", "chr", "wgs", "2026"],
        eta: { low: 40_000, high: 62_000, rough: true },
      },
      { samples: 720, done: 0.55, failing: 40, names: ["sample", "chrom", "lane", "unit", "tool"] },
    ),
    made_run(
      { status: "failed", name: "rules with long names", started_at: ago(190_000), ended_at: ago(180_000) },
      { samples: 6, done: 0.8, failing: 1, long_names: true },
    ),
    made_run({ status: "succeeded", name: "one job", started_at: ago(200_000), ended_at: ago(199_990) }),
  ];
  for (let i = 0; i < 260; i++) {
    made.push(
      made_run(
        {
          status: i % 23 === 7 ? "failed" : "succeeded",
          name: `nightly ${260 - i}`,
          host: i % 2 ? "lab-srv" : "hpc-login2",
          started_at: ago(210_000 + i * 86_400),
          ended_at: ago(210_000 + i * 86_400 - 1000 - i * 7),
          tags: i % 5 ? [] : ["nightly"],
        },
        { samples: 2, done: i % 23 === 7 ? 0.8 : 1, failing: i % 23 === 7 ? 1 : 0 },
      ),
    );
  }
  return made;
}
