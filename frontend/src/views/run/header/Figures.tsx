import { useRef } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { useNow } from "../../../ui/clock.ts";
import { count, duration, eta_left } from "../../../ui/format.ts";
import { useNarrow } from "../../../ui/narrow.ts";
import { useOverflow } from "../../../ui/overflow.ts";
import { Ago, Elapsed, useTimes } from "../../../ui/Times.tsx";

/** How far it is, how long it takes, when it is done. */
export function Figures({ run }: { run: RunDetail }) {
  const { jobs, waiting } = run;
  const times = useTimes();
  const narrow = useNarrow();
  const row = useRef<HTMLSpanElement>(null);
  useOverflow(row);
  return (
    // What comes and goes stands first, where there is room: the others are not moved. On a telephone they scroll, which keys do
    // too.
    <span
      className="run-head-figures fades"
      ref={row}
      role="group"
      aria-label="Figures"
      tabIndex={narrow ? 0 : undefined}
      data-ended={run.ended_at ? "" : undefined}
    >
      {waiting?.reason === "cores" && (
        <span
          className="soft run-head-cores"
          title={`The ${count(waiting.jobs)} planned jobs need more than is free`}
        >
          {waiting.busy} of {waiting.cores} cores busy
        </span>
      )}
      {run.status === "running" && <Silence run={run} />}
      {jobs.failed > 0 && <span className="bad run-head-failed">{count(jobs.failed)} failed</span>}
      {jobs.total > 0 && (
        <span>
          {run.dry_run ? (
            <>
              <b>{count(jobs.total)}</b> would run
            </>
          ) : (
            <>
              <b>{count(jobs.succeeded)}</b> / {count(jobs.total)} done
            </>
          )}
        </span>
      )}
      {run.started_at && (
        <span className="run-head-took" title={`Started ${times.exact(run.started_at)}`}>
          <Elapsed
            since={run.started_at}
            until={run.ended_at}
            frozen={run.lost_since}
            offset={run.clock_offset}
          />
        </span>
      )}
      {run.status === "running" && run.eta && <Left run={run} eta={run.eta} />}
      {run.status !== "running" && run.started_at && (
        <span className="faint">
          started <Ago at={run.started_at} offset={run.clock_offset} />
        </span>
      )}
    </span>
  );
}

/** A range, never a second: counted on from when the server made it, while nothing new is told. */
function Left({ run, eta }: { run: RunDetail; eta: NonNullable<RunDetail["eta"]> }) {
  const now = useNow();
  const times = useTimes();
  const told = Date.parse(run.now);
  const passed = Math.max(0, (now - told) / 1000);
  const at = (seconds: number) => times.minute(new Date(told + seconds * 1000).toISOString());
  const ground = eta.rough
    ? "a rough guess, since few jobs like those to come were timed"
    : "by the durations of the same rules, in this run and earlier ones";
  return (
    <span className="run-head-left" title={`It ends between ${at(eta.low)} and ${at(eta.high)}: ${ground}`}>
      {eta_left(eta.low - passed, eta.high - passed, eta.rough)}
    </span>
  );
}

const silent_s = 10 * 60; // long jobs are silent too, so this is a fact and no alarm

/** Snakemake lives, or the run were lost; when it said something last is another matter. */
function Silence({ run }: { run: RunDetail }) {
  const now = useNow();
  const times = useTimes();
  if (!run.last_event_at || run.waiting) return null;
  const seconds = Math.floor((now - Date.parse(run.last_event_at)) / 1000);
  if (seconds < silent_s) return null;
  return (
    <span
      className="soft run-head-quiet"
      title={`The last event came ${times.exact(run.last_event_at)}; the heartbeat of Snakemake's process goes on. Long jobs are as silent as a Snakemake that hangs.`}
    >
      no event for {duration(seconds)}
    </span>
  );
}
