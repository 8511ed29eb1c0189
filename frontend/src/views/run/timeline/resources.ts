/** What rules could ask for, by what their jobs used: as a piece of a Snakemake profile. Pure. */
import type { RuleUsage } from "../../../api/types.ts";

const margin = 1.2; // of what 95 of 100 jobs stayed within
const mib = 1.048576; // MB; benchmarks weigh in MiB

/** Rounded up to two digits: more would claim more than is known. */
export function rounded_up(value: number, least: number): number {
  if (value <= least) return least;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.ceil(Math.round((value / step) * 1e6) / 1e6) * step;
}

export interface Suggested {
  rule: string;
  mem_mb: number | null;
  /** Minutes. */
  runtime: number | null;
  /** How many jobs each rests on. */
  weighed: number;
  timed: number;
}

export const suggested = (rules: RuleUsage[]): Suggested[] =>
  rules
    .map(({ rule, timed, weighed, p95_rss_mb, p95_seconds }) => ({
      rule,
      mem_mb: p95_rss_mb !== null && p95_rss_mb > 0 ? rounded_up(p95_rss_mb * mib * margin, 100) : null,
      runtime: p95_seconds !== null ? rounded_up((p95_seconds * margin) / 60, 1) : null,
      weighed,
      timed,
    }))
    // Time alone is said of every rule: what is to be asked for needs a benchmark.
    .filter(({ mem_mb }) => mem_mb !== null);

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/;
const words = new Set(["y", "n", "yes", "no", "on", "off", "true", "false", "null"]);
const key = (rule: string) =>
  plain.test(rule) && !words.has(rule.toLowerCase()) ? rule : JSON.stringify(rule);

/** For a profile's `config.yaml`. */
export function profile_yaml(rules: Suggested[]): string {
  const lines = ["set-resources:"];
  for (const { rule, mem_mb, runtime, weighed, timed } of rules) {
    const jobs = (n: number) => `${n} ${n === 1 ? "job" : "jobs"}`;
    lines.push(`  ${key(rule)}:`);
    if (mem_mb !== null) lines.push(`    mem_mb: ${mem_mb}  # by ${jobs(weighed)}`);
    if (runtime !== null) lines.push(`    runtime: ${runtime}  # by ${jobs(timed)}`);
  }
  return `${lines.join("\n")}\n`;
}
