import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Run } from "../../api/types.ts";
import { look_of } from "../../theme/status.ts";
import { CountsBar } from "../../ui/CountsBar.tsx";
import { headline, reason_of } from "../../ui/failure.ts";
import { count, eta_left, wildcards_text } from "../../ui/format.ts";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { Ago, Elapsed } from "../../ui/Times.tsx";

/** What one wants to know of a run before opening it: what failed, or how long it still takes. */
function News({ run, narrow = false }: { run: Run; narrow?: boolean }) {
  const failure = run.first_failure;
  if (run.status === "failed" && failure) {
    const reason = reason_of(failure);
    return (
      <span className="run-news cut" title={failure.message ?? undefined}>
        {failure.rule && <b>{failure.rule}</b>}
        {!narrow && failure.rule && Object.keys(failure.wildcards).length > 0 && (
          <span className="soft">{wildcards_text(failure.wildcards)}</span>
        )}
        {failure.rule && reason ? (
          <span className="bad">{reason}</span>
        ) : (
          <span className="bad cut">{headline(failure.message ?? "") || reason}</span>
        )}
        {run.jobs.failed > 1 && (
          <span className="faint">
            {narrow ? "+" : "and "}
            {count(run.jobs.failed - 1)}
            {!narrow && " more"}
          </span>
        )}
      </span>
    );
  }
  const parts: string[] = [];
  if (run.dry_run && run.jobs.total > 0) parts.push(`${count(run.jobs.total)} would run`);
  if (run.jobs.failed > 0) parts.push(`${count(run.jobs.failed)} failed`);
  if (run.status === "running" && run.jobs.total === 0) parts.push("planning");
  if (run.status === "running" && run.eta) {
    parts.push(eta_left(run.eta.low, run.eta.high, run.eta.rough));
  } else if (run.status === "running") {
    for (const status of ["running", "queued"] as const) {
      if (run.jobs[status] > 0) parts.push(`${count(run.jobs[status])} ${look_of(status).word}`);
    }
  }
  if (run.status === "succeeded" && run.jobs.total === 0) parts.push("nothing to be done");
  if (run.jobs.aborted > 0) parts.push(`${count(run.jobs.aborted)} aborted`);
  return (
    <span className="run-news cut soft">
      {run.status === "lost" && run.last_heard_at ? (
        <>
          last heard <Ago at={run.lost_since ?? run.last_heard_at} />
        </>
      ) : (
        parts.map((part, i) => (
          <span key={part} className={i === 0 && run.jobs.failed > 0 ? "bad" : undefined}>
            {part}
          </span>
        ))
      )}
    </span>
  );
}

export const RunRow = memo(function RunRow({ run, narrow }: { run: Run; narrow: boolean }) {
  const { jobs } = run;
  const figures = jobs.total > 0 && !run.dry_run && (
    <>
      {count(jobs.succeeded)}
      <span className="faint"> / {count(jobs.total)}</span>
    </>
  );
  const icon = <StatusIcon status={run.status} titled turning={run.status === "running"} />;
  const name = (
    <span className="run-name cut">
      <span className="cut">{run.name}</span>
      {run.dry_run && <span className="chip">dry run</span>}
      {!narrow && run.tags.slice(0, 3).map((tag) => <i key={tag}>#{tag}</i>)}
    </span>
  );
  if (narrow) {
    return (
      <Link to="/runs/$id" params={{ id: run.id }} className="run-row narrow">
        {icon}
        {name}
        <span className="run-when faint">
          <Ago at={run.started_at} offset={run.clock_offset} />
        </span>
        <span className="run-second">
          {jobs.total > 0 && (
            <>
              <CountsBar counts={jobs} />
              <span className="run-figures">{figures}</span>
            </>
          )}
          <News run={run} narrow />
        </span>
      </Link>
    );
  }
  return (
    <Link to="/runs/$id" params={{ id: run.id }} className="run-row">
      {icon}
      {name}
      {jobs.total > 0 ? <CountsBar counts={jobs} /> : <span />}
      <span className="run-figures">{figures}</span>
      <News run={run} />
      <span className="run-took">
        <Elapsed
          since={run.started_at}
          until={run.ended_at}
          frozen={run.lost_since}
          offset={run.clock_offset}
        />
      </span>
      <span className="run-host cut soft" title={`${run.user} on ${run.host}`}>
        {run.host}
      </span>
      <span className="run-when faint">
        <Ago at={run.started_at} offset={run.clock_offset} />
      </span>
    </Link>
  );
});
