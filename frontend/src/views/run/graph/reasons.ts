/** Why jobs ran, in words. */
import type { Figures } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";

const words: Record<string, string | undefined> = {
  missing_output: "output missing",
  incomplete_output: "output incomplete",
  updated_input: "input updated",
  input_by_job: "input made again by a job",
  input_set_changed: "set of inputs changed",
  code_changed: "code changed",
  params_changed: "parameters changed",
  software_changed: "software environment changed",
  needed_by_consumer: "needed by a job that reads it as it comes",
  always: "always run",
  forced: "forced",
  other: "another reason",
};

/** A reason that a newer server tells has its own word. */
const word = (reason: string): string => words[reason] ?? reason.replaceAll("_", " ");

/** Why one job runs. */
export const kinds_text = (reasons: string[]): string => reasons.map(word).join(", ");

export type Reasons = Figures["reasons"];

/** Each in words with its jobs, the most frequent first. */
export const reasons_said = (reasons: Reasons): [string, number][] =>
  Object.entries(reasons)
    .filter(([, jobs]) => jobs > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, jobs]) => [word(reason), jobs]);

/** Where `ran` jobs have more reasons than one each; else nothing. */
export function several(reasons: Reasons, ran: number): string {
  const all = Object.values(reasons).reduce((sum, jobs) => sum + jobs, 0);
  return all <= ran ? "" : ran === 1 ? "all at once" : "some for several reasons";
}

/** "312 jobs: parameters changed", the most frequent first. `ran`: how many jobs these are of. */
export function reasons_text(reasons: Reasons, ran: number): string {
  const said = reasons_said(reasons).map(([why, jobs], i) => {
    const unit = i > 0 ? "" : jobs === 1 ? " job" : " jobs";
    return `${count(jobs)}${unit}: ${why}`;
  });
  return [...said, several(reasons, ran)].filter(Boolean).join(" · ");
}

export function sum_reasons(all: Reasons[]): Reasons {
  const total: Reasons = {};
  for (const reasons of all) {
    for (const [reason, jobs] of Object.entries(reasons)) total[reason] = (total[reason] ?? 0) + jobs;
  }
  return total;
}
