import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { Button } from "antd";
import { useRef } from "react";
import { status_of } from "../../api/client.ts";
import { first_failure_query } from "../../api/failed.ts";
import { run_query } from "../../api/queries.ts";
import type { FirstFailure as FirstFailureShape, RunDetail } from "../../api/types.ts";
import { useLive, useTopic } from "../../live/live.tsx";
import { look_of } from "../../theme/status.ts";
import { Announce } from "../../ui/Announce.tsx";
import { useNarrow } from "../../ui/narrow.ts";
import { Bone, Said } from "../../ui/Said.tsx";
import { Split } from "../../ui/Split.tsx";
import { FirstFailure } from "./failures/FirstFailure.tsx";
import { GraphPane } from "./graph/GraphPane.tsx";
import { LostNotice, NoJobs, WaitingNotice } from "./header/Notices.tsx";
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

/**
 * The failure whose card can be shown: what it says of its job sets its height, so that it comes whole or not yet. The
 * page opens with it; null until then.
 */
function useCard(run: RunDetail): { failure: FirstFailureShape | null } | null {
  const failure = run.first_failure ?? null;
  const job = useQuery({
    ...first_failure_query(run.id, failure?.number ?? 0),
    enabled: failure?.number != null,
  });
  const whole = failure?.number == null || !job.isPending || job.failureCount > 0;
  const shown = useRef<{ failure: FirstFailureShape | null } | null>(null);
  if (whole) shown.current = { failure };
  return shown.current;
}

function Loaded({ run }: { run: RunDetail }) {
  const narrow = useNarrow();
  const card = useCard(run);
  if (!card) return <Bones />;
  return (
    <>
      <RunHeader run={run} />
      {run.status === "lost" && <LostNotice run={run} />}
      {run.waiting && <WaitingNotice run={run} waiting={run.waiting} />}
      {run.jobs.total === 0 ? (
        <>
          <NoJobs run={run} />
          <Panes run={run} only={["log", "info"]} />
        </>
      ) : (
        <>
          <SelectionRow run={run} />
          {card.failure && <FirstFailure run={run} failure={card.failure} />}
          {narrow ? (
            <Panes run={run} graph_first />
          ) : (
            <Split name="run" usual={0.4} left={<GraphPane id={run.id} />} right={<Panes run={run} />} />
          )}
        </>
      )}
      <Outlet />
      <Announce
        text={`Run ${look_of(run.status).word}${run.jobs.failed ? `, ${run.jobs.failed} failed` : ""}`}
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
