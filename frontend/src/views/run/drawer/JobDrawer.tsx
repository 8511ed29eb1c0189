import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Button } from "antd";
import { type RefObject, useEffect, useMemo, useRef } from "react";
import { status_of } from "../../../api/client.ts";
import { job_query, run_query } from "../../../api/queries.ts";
import type { JobDetail, RunDetail } from "../../../api/types.ts";
import { evidence_of, reason_of } from "../../../ui/failure.ts";
import { duration } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { useKeys } from "../../../ui/keys.ts";
import { Bone, Said } from "../../../ui/Said.tsx";
import { StatusWord } from "../../../ui/StatusIcon.tsx";
import { Tabs } from "../../../ui/Tabs.tsx";
import { ClockTime, Elapsed } from "../../../ui/Times.tsx";
import { type JobTab, job_filter, job_tabs } from "../selection/search.ts";
import { useSelection } from "../selection/selection.ts";
import { useNeighbours } from "../table/pages.ts";
import { JobAttempts } from "./JobAttempts.tsx";
import { JobCode } from "./JobCode.tsx";
import { JobCommand } from "./JobCommand.tsx";
import { JobFiles } from "./JobFiles.tsx";
import { JobLog } from "./JobLog.tsx";
import { JobMention } from "./JobMention.tsx";
import { JobPlace } from "./JobPlace.tsx";
import { JobResources } from "./JobResources.tsx";
import { useSteps } from "./steps.ts";
import "./drawer.css";

const route = getRouteApi("/frame/runs/$id/jobs/$number");
const words: Record<JobTab, string> = {
  log: "Log",
  command: "Command",
  files: "Files",
  graph: "Graph",
  resources: "Resources",
  attempts: "Attempts",
  code: "Code",
};

/** The panel has the focus while it is open; then whatever opened it, or the row of the job that was gone on to. */
function useFocus(panel: RefObject<HTMLElement | null>, number: number, loaded: boolean) {
  const shown = useRef(number);
  useEffect(() => {
    const opener = document.activeElement;
    const first = shown.current;
    panel.current?.focus({ preventScroll: true });
    return () => {
      const row = document.querySelector<HTMLElement>(`.table-link[data-job="${shown.current}"]`);
      const same = opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
      const back = same && (shown.current === first || !row) ? opener : row;
      back?.focus({ preventScroll: true });
    };
  }, [panel]);
  useEffect(() => {
    shown.current = number;
    // A link to another job that was followed goes away with what it stood in.
    if (loaded && document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
  }, [panel, number, loaded]);
}

export function JobDrawer() {
  const number = Number(route.useParams().number);
  const { id, search, set, open_job, close_job } = useSelection();
  const query = useQuery({ ...job_query(id, number), enabled: Number.isInteger(number) });
  const run = useQuery(run_query(id)).data;
  const beside = useNeighbours(
    id,
    useMemo(() => job_filter(search), [search]),
    number,
  );
  const panel = useRef<HTMLElement>(null);
  const job = query.data;
  const step = useSteps(number, beside, open_job);
  useKeys({ close: close_job, down: () => step(1), up: () => step(-1) });
  useFocus(panel, number, job !== undefined);

  const tab = search.jobtab ?? "log";
  const missing = [404, 422].includes(status_of(query.error) ?? 0) || !Number.isInteger(number);
  return (
    <aside className="drawer" ref={panel} tabIndex={-1} aria-label={`Job ${number}`}>
      <header className="drawer-head">
        <div className="drawer-line">
          {job ? (
            <StatusWord status={job.status} turning={job.status === "running" && run?.status === "running"} />
          ) : (
            <Bone width={90} />
          )}
          <span className="faint">job {number}</span>
          <span className="drawer-ways">
            <button
              type="button"
              className="icon-button"
              aria-label="Job before"
              title="Job before (k)"
              disabled={beside.before === undefined}
              onClick={() => step(-1)}
            >
              <Glyph name="up" />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label="Next job"
              title="Next job (j)"
              disabled={beside.next === undefined}
              onClick={() => step(1)}
            >
              <Glyph name="down" />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label="Close"
              title="Close (Esc)"
              onClick={close_job}
            >
              <Glyph name="close" />
            </button>
          </span>
        </div>
        {job && <Title job={job} run={run} />}
      </header>
      {missing ? (
        <Said
          title={"There is no such job in this run"}
          actions={<Button onClick={close_job}>Close</Button>}
        />
      ) : query.error && !job ? (
        <Said
          alert
          title="This job could not be loaded"
          actions={<Button onClick={() => void query.refetch()}>Try again</Button>}
        >
          <p>{query.error.message}</p>
        </Said>
      ) : (
        <>
          <Tabs
            label="What to show of the job"
            panel="job-pane"
            active={tab}
            tabs={job_tabs.map((key) => ({
              key,
              label:
                key === "attempts" && job && job.attempts.length > 1
                  ? `Attempts ${job.attempts.length}`
                  : words[key],
            }))}
            on_change={(key) => set({ jobtab: key === "log" ? undefined : key }, true)}
          />
          <div
            className={`drawer-pane${tab === "log" ? " filled" : ""}`}
            id="job-pane"
            role="tabpanel"
            aria-labelledby={`job-pane-${tab}`}
          >
            {job && tab === "log" && <JobLog job={job} />}
            {job && tab === "command" && <JobCommand job={job} />}
            {job && tab === "files" && <JobFiles job={job} run_id={id} />}
            {job && tab === "graph" && <JobPlace job={job} run_id={id} />}
            {job && tab === "resources" && <JobResources job={job} />}
            {job && tab === "attempts" && <JobAttempts job={job} clock={clock_of(run)} />}
            {job && tab === "code" && <JobCode run_id={id} rule={job.rule} />}
          </div>
        </>
      )}
    </aside>
  );
}

const clock_of = (run: RunDetail | undefined) => ({
  frozen: run?.lost_since ?? null,
  offset: run?.clock_offset ?? 0,
});

function Title({ job, run }: { job: JobDetail; run: RunDetail | undefined }) {
  const last = job.attempts.at(-1);
  const clock = clock_of(run);
  const reason = job.status === "failed" && last ? reason_of(last) : "";
  return (
    <>
      <h2 className="drawer-rule">{job.rule}</h2>
      <p className="drawer-facts">
        {Object.entries(job.wildcards).map(([name, value]) => (
          <span key={name}>
            <span className="faint">{name}</span> {value}
          </span>
        ))}
      </p>
      <p className="drawer-facts soft">
        {reason && <span className="bad">{reason}</span>}
        {reason && last && evidence_of(last) && <span className="cut">{evidence_of(last)}</span>}
        {job.attempt > 1 && <span>attempt {job.attempt}</span>}
        {job.started_at && (
          <span>
            started <ClockTime at={job.started_at} offset={clock.offset} />
          </span>
        )}
        {job.queue_seconds != null && <span>waited {duration(job.queue_seconds)}</span>}
        {job.ended_at && job.run_seconds != null && <span>ran {duration(job.run_seconds)}</span>}
        {job.started_at && (job.status === "running" || (job.ended_at && job.run_seconds == null)) && (
          <span>
            {job.ended_at ? "took" : "running for"}{" "}
            <Elapsed since={job.started_at} until={job.ended_at} {...clock} />
          </span>
        )}
        {job.status === "queued" && job.queued_at && (
          <span>
            queued for <Elapsed since={job.queued_at} until={null} {...clock} />
          </span>
        )}
        {job.external_id && <span>id {job.external_id}</span>}
        {job.checkpoint && <span>checkpoint</span>}
      </p>
      {job.unfinished && <Unfinished job={job} why={job.unfinished} />}
    </>
  );
}

/** Why it has no end, or was never started, with a way to the job that it comes from. */
function Unfinished({ job, why }: { job: JobDetail; why: NonNullable<JobDetail["unfinished"]> }) {
  const { id } = useSelection();
  const from = why.job;
  return (
    <p className="drawer-facts soft drawer-why">
      <span>{why.text}</span>
      {from && from.number !== job.number && <JobMention job={from} run_id={id} />}
    </p>
  );
}
