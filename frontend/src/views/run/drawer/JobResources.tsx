import { Fragment } from "react";
import type { JobDetail } from "../../../api/types.ts";
import { bytes, count, duration } from "../../../ui/format.ts";
import { share_text, timed_by_words, used_against_asked } from "./used.ts";

/** Snakemake counts memory and disk in MB; runtime in minutes. */
export function resource_text(name: string, value: unknown): string {
  if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  if (/_mib$/.test(name)) return bytes(value * 1_048_576);
  if (/_mb$/.test(name)) return bytes(value * 1e6);
  if (name === "runtime") return duration(value * 60);
  return count(value);
}

/** Snakemake tells one quantity under three names (mem, mem_mb, mem_mib): once is enough. */
export function told_once(names: string[]): string[] {
  const held = new Set(names);
  return names.filter((name) => {
    if (name.startsWith("_") || held.has(`${name}_mb`)) return false;
    return !(name.endsWith("_mib") && held.has(name.replace(/_mib$/, "_mb")));
  });
}

const figure_words: Record<string, [string, (value: number) => string]> = {
  s: ["Wall clock", duration],
  cpu_time: ["CPU time", duration],
  max_rss: ["Memory, largest (RSS)", (mb) => bytes(mb * 1_048_576)],
  max_vms: ["Memory, largest (VMS)", (mb) => bytes(mb * 1_048_576)],
  max_uss: ["Memory, largest (USS)", (mb) => bytes(mb * 1_048_576)],
  max_pss: ["Memory, largest (PSS)", (mb) => bytes(mb * 1_048_576)],
  io_in: ["Read", (mb) => bytes(mb * 1_048_576)],
  io_out: ["Written", (mb) => bytes(mb * 1_048_576)],
  mean_load: ["Load, mean", (percent) => `${percent.toFixed(0)} %`],
};

export function JobResources({ job }: { job: JobDetail }) {
  const asked = told_once(Object.keys(job.resources)).map((name) => [name, job.resources[name]] as const);
  const last = job.attempts.findLast((attempt) => attempt.figures) ?? job.attempts.at(-1);
  const figures = last?.figures;
  const uses = last ? used_against_asked(last, job.threads) : [];
  const timed_by = last?.timed_by ? timed_by_words[last.timed_by] : undefined;
  return (
    <>
      <h3>Asked for</h3>
      <dl className="facts">
        {job.threads != null && (
          <>
            <dt>threads</dt>
            <dd>{job.threads}</dd>
          </>
        )}
        {asked.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{resource_text(name, value)}</dd>
          </Fragment>
        ))}
        {job.priority != null && job.priority !== 0 && (
          <>
            <dt>priority</dt>
            <dd>{job.priority}</dd>
          </>
        )}
        {job.group && (
          <>
            <dt>group</dt>
            <dd>{job.group}</dd>
          </>
        )}
      </dl>
      <h3>Used{last && job.attempts.length > 1 && <span className="faint"> attempt {last.attempt}</span>}</h3>
      {uses.some((use) => use.share !== null) && (
        <dl className="facts uses">
          {uses.map((use) => (
            <Fragment key={use.what}>
              <dt>{use.what}</dt>
              <dd>
                {use.used}
                {use.share !== null && (
                  <>
                    <span className={`use-bar${use.share > 0.9 ? " near" : ""}`} aria-hidden="true">
                      <i style={{ width: `${Math.min(100, use.share * 100)}%` }} />
                    </span>
                    <span className="soft">{share_text(use)}</span>
                  </>
                )}
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
      {last && last.queue_seconds != null && (
        <p className="soft">
          It waited {duration(last.queue_seconds)}
          {last.run_seconds != null && ` and ran ${duration(last.run_seconds)}`}
          {timed_by && `: told by ${timed_by}`}.
        </p>
      )}
      {last && last.repeats.length > 1 && (
        <p className="soft">
          {count(last.repeats.length)} repetitions: sums of time and I/O, the largest of memory.
        </p>
      )}
      {figures ? (
        <dl className="facts">
          {Object.entries(figures).map(([name, value]) => {
            const [word, text] = figure_words[name] ?? [name, (n: number) => String(n)];
            return (
              <Fragment key={name}>
                <dt>{word}</dt>
                <dd>{text(value)}</dd>
              </Fragment>
            );
          })}
        </dl>
      ) : (
        <p className="soft">
          {job.benchmark
            ? job.ended_at
              ? "No figures were found in the benchmark file."
              : "The figures come from the benchmark file when the job has ended."
            : "Not known: the rule has no benchmark file."}
        </p>
      )}
    </>
  );
}
