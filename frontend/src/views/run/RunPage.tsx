import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { Button } from "antd";
import { status_of } from "../../api/client.ts";
import { run_query } from "../../api/queries.ts";
import type { RunDetail } from "../../api/types.ts";
import { useLive, useTopic } from "../../live/live.tsx";
import { look_of } from "../../theme/status.ts";
import { Announce } from "../../ui/Announce.tsx";
import { count } from "../../ui/format.ts";
import { useNarrow } from "../../ui/narrow.ts";
import { Bone, Said } from "../../ui/Said.tsx";
import { Split } from "../../ui/Split.tsx";
import { FirstFailure, FoldedFailure } from "./failures/FirstFailure.tsx";
import { useFirstFailure } from "./failures/first.ts";
import { GraphPane } from "./graph/GraphPane.tsx";
import { FoldedNotice, NoJobs, Notice, useNotice } from "./header/Notices.tsx";
import { RunHeader } from "./header/RunHeader.tsx";
import { useTabState } from "./header/tab_state.ts";
import { Panes } from "./Panes.tsx";
import { SelectionRow } from "./selection/SelectionRow.tsx";
import { useSelection } from "./selection/selection.ts";
import "./run.css";

const ask_ms = 15_000;

export function RunPage() {
  const { id } = useSelection();
  const { paused } = useLive();
  const detail = useQuery({
    ...run_query(id),
    // Silence tells nothing by itself: whether Snakemake still beats, and why nothing runs, has to be asked.
    refetchInterval: ({ state }) => (!paused && state.data?.status === "running" ? ask_ms : false),
  });
  const missing = status_of(detail.error) === 404 || status_of(detail.error) === 422;
  const run = missing ? undefined : detail.data;
  useTopic(run ? `run:${id}` : null);
  useTabState(run);

  if (missing) {
    return (
      <Said title="This run is not here" actions={<Link to="/runs">All runs</Link>}>
        <p>It may have been deleted, or it belongs to a workspace that you cannot see.</p>
      </Said>
    );
  }
  if (detail.error && !run) {
    return (
      <Said
        alert
        title="This run could not be loaded"
        actions={
          <>
            <Button onClick={() => void detail.refetch()}>Try again</Button>
            <Link to="/runs">All runs</Link>
          </>
        }
      >
        <p>{detail.error.message}</p>
      </Said>
    );
  }
  return <div className="run">{run ? <Loaded key={id} run={run} /> : <Bones />}</div>;
}

function Loaded({ run }: { run: RunDetail }) {
  const narrow = useNarrow();
  const failure = useFirstFailure(run);
  const notice = useNotice(run);
  if (!failure || !notice) return <Bones />;
  return (
    <>
      <RunHeader run={run} />
      {(notice.shown ?? (run.jobs.total === 0 && notice.waits)) && <Notice run={run} held={notice} />}
      {run.jobs.total === 0 ? (
        <>
          <NoJobs run={run} />
          <Panes run={run} only={["log", "info"]} />
        </>
      ) : (
        <>
          <SelectionRow run={run}>
            {notice.waits && <FoldedNotice notice={notice.waits} held={notice} />}
            {failure.waits && <FoldedFailure failure={failure.waits} held={failure} />}
          </SelectionRow>
          {failure.shown && <FirstFailure run={run} failure={failure.shown} held={failure} />}
          {narrow ? (
            <Panes run={run} graph_first />
          ) : (
            <Split name="run" usual={0.4} left={<GraphPane id={run.id} />} right={<Panes run={run} />} />
          )}
        </>
      )}
      <Outlet />
      <Announce
        text={`${run.name}: ${look_of(run.status).word}${run.jobs.failed ? `, ${count(run.jobs.failed)} failed` : ""}`}
      />
    </>
  );
}

function Bones() {
  return (
    <div className="run-head" aria-busy="true">
      <div className="run-head-line">
        <Bone width={260} />
        <Bone width={140} />
      </div>
      <div className="run-head-line">
        <Bone width={480} />
      </div>
    </div>
  );
}
