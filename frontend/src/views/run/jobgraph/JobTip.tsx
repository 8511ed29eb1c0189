import { type JobStatus, job_statuses, look_of } from "../../../theme/status.ts";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { count } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";

export interface Told {
  rule: string;
  /** Of one job. */
  job?: { number: number; status: JobStatus; wildcards: [string, string][]; took: string };
  /** Of all jobs of the rule, by the status's place in `job_statuses`. */
  counts: Int32Array;
}

const width = 260;

export function counts_named(counts: Int32Array) {
  const named = Object.fromEntries(job_statuses.map((status, i) => [status, counts[i] ?? 0]));
  return { ...named, total: counts.reduce((a, b) => a + b, 0) };
}

/** What the pointer is at, beside it. A canvas says nothing to a screen reader: the job table does. */
export function JobTip({
  told,
  at,
  within,
}: {
  told: Told;
  at: { x: number; y: number };
  within: { width: number; height: number };
}) {
  const { job, counts, rule } = told;
  const left = at.x + 14 + width > within.width ? Math.max(4, at.x - width - 10) : at.x + 14;
  const low = at.y > within.height * 0.6;
  const all = counts_named(counts);
  return (
    <div
      className="job-tip"
      aria-hidden="true"
      style={{
        left,
        maxWidth: width,
        ...(low ? { bottom: within.height - at.y + 10 } : { top: at.y + 14 }),
      }}
    >
      {job ? (
        <>
          <div className="job-tip-head">
            <StatusIcon status={job.status} />
            <b className="cut">{rule}</b>
            <span className="faint">job {job.number}</span>
          </div>
          {job.wildcards.map(([name, value]) => (
            <div key={name} className="cut">
              <span className="faint">{name}</span> {value}
            </div>
          ))}
          <div className="soft">{[look_of(job.status).word, job.took].filter(Boolean).join(", ")}</div>
        </>
      ) : (
        <>
          <b className="cut">{rule}</b>
          <CountsBar counts={all} height={4} />
          <div className="soft">
            {job_statuses
              .flatMap((status, i) => (counts[i] ? [`${count(counts[i])} ${look_of(status).word}`] : []))
              .join(", ")}
          </div>
        </>
      )}
    </div>
  );
}
