/** What an attempt used, against what was asked for it. */
import type { Attempt } from "../../../api/types.ts";
import { bytes, duration } from "../../../ui/format.ts";

export interface Use {
  what: string;
  used: string;
  /** Empty where nothing was asked for. */
  asked: string;
  /** Used of asked; null where nothing was asked for. */
  share: number | null;
}

const MiB = 1_048_576;

/** Snakemake measures in MiB and asks in MB; `runtime` is minutes. */
export function used_against_asked(attempt: Attempt, threads: number | null): Use[] {
  const { figures, resources, run_seconds } = attempt;
  const uses: Use[] = [];
  const add = (
    what: string,
    used: number | null | undefined,
    asked: unknown,
    say: (value: number) => string,
  ) => {
    if (used == null) return;
    const known = typeof asked === "number" && asked > 0 ? asked : null;
    uses.push({ what, used: say(used), asked: known ? say(known) : "", share: known ? used / known : null });
  };
  const asked = (name: string, unit: number) => {
    const value = resources[name];
    return typeof value === "number" ? value * unit : null;
  };
  const rss = figures?.max_rss;
  add("memory", rss == null ? null : rss * MiB, asked("mem_mb", 1e6) ?? asked("mem_mib", MiB), bytes);
  if (attempt.status !== "running") {
    const seconds = run_seconds ?? figures?.s;
    if (figures || asked("runtime", 60) !== null) add("time", seconds, asked("runtime", 60), duration);
  }
  add("CPU", figures?.mean_load, threads && threads * 100, (percent) => `${Math.round(percent)} %`);
  return uses;
}

export const share_text = ({ asked, share }: Use): string =>
  share === null ? "" : `${share < 0.005 ? "less than 1" : Math.round(share * 100)} % of ${asked}`;

/** What tells queue and run time, where it is not obvious. */
export const timed_by_words: Partial<Record<NonNullable<Attempt["timed_by"]>, string>> = {
  executor: "the executor, by its own clock",
  benchmark: "the benchmark; waited is the rest, with start-up and polling",
  events: "a start that was seen",
};
