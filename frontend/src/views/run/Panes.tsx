import { type ReactNode, Suspense } from "react";
import type { RunDetail } from "../../api/types.ts";
import { Coming } from "../../ui/Coming.tsx";
import { count } from "../../ui/format.ts";
import { part } from "../../ui/part.ts";
import { Tabs } from "../../ui/Tabs.tsx";
import { GraphPane } from "./graph/GraphPane.tsx";
import type { Pane } from "./selection/search.ts";
import { useSelection } from "./selection/selection.ts";

const JobTable = part(() => import("./table/JobTable.tsx").then((m) => m.JobTable));
const Samples = part(() => import("./samples/Samples.tsx").then((m) => m.Samples));
const Timeline = part(() => import("./timeline/Timeline.tsx").then((m) => m.Timeline));
const Failures = part(() => import("./failures/Failures.tsx").then((m) => m.Failures));
const RunLog = part(() => import("./log/RunLog.tsx").then((m) => m.RunLog));
const Info = part(() => import("./Info.tsx").then((m) => m.Info));

export function Panes({
  run,
  only,
  graph_first = false,
}: {
  run: RunDetail;
  only?: Pane[];
  graph_first?: boolean;
}) {
  const { search, set } = useSelection();
  const offered: Pane[] = only ?? [
    ...(graph_first ? (["graph"] as const) : []),
    "jobs",
    ...(run.wildcards.length > 0 ? (["samples"] as const) : []),
    "timeline",
    "failures",
    "log",
    "info",
  ];
  const asked = search.tab ?? "jobs";
  const active = offered.includes(asked) ? asked : (only?.[0] ?? "jobs");
  const failed = run.jobs.failed > 0 ? count(run.jobs.failed) : "";
  const labels: Record<Pane, ReactNode> = {
    graph: "Graph",
    jobs: "Jobs",
    samples: "Samples",
    timeline: "Timeline",
    // While the run goes on there is room for a first one.
    failures:
      run.ended_at && !failed ? (
        "Failures"
      ) : (
        <>
          Failures <span className="tab-count">{failed}</span>
        </>
      ),
    log: "Log",
    info: "Info",
  };
  return (
    <div className="panes">
      <Tabs
        label="What to show of the run"
        panel="run-pane"
        active={active}
        tabs={offered.map((key) => ({ key, label: labels[key] }))}
        on_change={(key) => set({ tab: key === "jobs" ? undefined : key })}
      />
      <div className="pane" id="run-pane" role="tabpanel" aria-labelledby={`run-pane-${active}`}>
        {/* Of the page's outline: a pane's own headings stand below it. */}
        <h2 className="hidden-text">{labels[active]}</h2>
        <Suspense fallback={<Coming />}>
          {active === "graph" && <GraphPane id={run.id} />}
          {active === "jobs" && <JobTable run={run} />}
          {active === "samples" && <Samples run={run} />}
          {active === "timeline" && <Timeline run={run} />}
          {active === "failures" && <Failures run={run} />}
          {active === "log" && <RunLog run={run} />}
          {active === "info" && <Info run={run} />}
        </Suspense>
      </div>
    </div>
  );
}
