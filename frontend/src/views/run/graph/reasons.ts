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

/**
 * "312 jobs: parameters changed", the most frequent first. `ran`: how many jobs these are of; a job has several reasons at times, so that the sum may be more.
 */
export function reasons_text(reasons: Reasons, ran: number): string {
  const all = Object.values(reasons).reduce((sum, jobs) => sum + jobs, 0);
  const said = Object.entries(reasons)
    .filter(([, jobs]) => jobs > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, jobs], i) => {
      const unit = i > 0 ? "" : jobs === 1 ? " job" : " jobs";
      return `${count(jobs)}${unit}: ${word(reason)}`;
    });
  return [...said, ...(all > ran ? [ran === 1 ? "all at once" : "some for several reasons"] : [])].join(
    " · ",
  );
}

export function sum_reasons(all: Reasons[]): Reasons {
  const total: Reasons = {};
  for (const reasons of all) {
    for (const [reason, jobs] of Object.entries(reasons)) total[reason] = (total[reason] ?? 0) + jobs;
  }
  return total;
}
