import { Button } from "antd";
import { type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { look_of } from "../../../theme/status.ts";
import { Announce } from "../../../ui/Announce.tsx";
import { count, duration } from "../../../ui/format.ts";
import { Said } from "../../../ui/Said.tsx";
import { useSelection } from "../selection/selection.ts";
import { told_of } from "./BarTip.tsx";
import { Charts } from "./Charts.tsx";
import type { LaneKind } from "./groups.ts";
import { LaneStage } from "./LaneStage.tsx";
import { Overview } from "./Overview.tsx";
import { Shows, Toolbar } from "./Toolbar.tsx";
import { Usage } from "./Usage.tsx";
import { type Drawn, useChain, useTimeline } from "./useTimeline.ts";
import { View } from "./view.ts";
import "./timeline.css";

/** The run over time: every attempt as a bar, or what that comes to in figures. */
export function Timeline({ run }: { run: RunDetail }) {
  const { search } = useSelection();
  return search.show === "figures" ? (
    <Plain>
      <Usage run={run} />
    </Plain>
  ) : (
    <Drawing run={run} />
  );
}

/** Without bars there is nothing to zoom or to choose from, but still the way to the other. */
function Plain({ children, busy }: { children: ReactNode; busy?: boolean }) {
  return (
    <div className="tl" aria-busy={busy}>
      <div className="tl-bar">
        <Shows />
      </div>
      {children}
    </div>
  );
}

function Drawing({ run }: { run: RunDetail }) {
  const { search } = useSelection();
  const asked = (search.lanes ?? "rule") as LaneKind;
  const kind = asked.startsWith("by:") && !run.wildcards.includes(asked.slice(3)) ? "rule" : asked;
  const { drawn, told, values, matches } = useTimeline(run, kind);
  const failed = [told, values, matches].find((one) => one.error && !one.data);
  if (failed?.error) {
    return (
      <Plain>
        <Said
          alert
          title="The timeline could not be loaded"
          actions={<Button onClick={() => void failed.refetch()}>Try again</Button>}
        >
          <p>{failed.error.message}</p>
        </Said>
      </Plain>
    );
  }
  if (!drawn) {
    return (
      <Plain busy>
        <div className="tl-waiting soft">Loading {count(run.jobs.total)} jobs …</div>
      </Plain>
    );
  }
  if (drawn.lanes.order.length === 0) {
    return (
      <Said title={run.status === "running" ? "Nothing was started yet" : "Nothing was started"}>
        <p>
          {run.dry_run
            ? "A dry run starts no job."
            : run.status === "running"
              ? "The first job will show here as soon as Snakemake hands it out."
              : "No job of this run was tried, so there is nothing to draw."}
        </p>
      </Said>
    );
  }
  return <Board drawn={drawn} kind={kind} />;
}

const moves: Record<string, (view: View) => void> = {
  ArrowLeft: (view) => view.pan(-0.15),
  ArrowRight: (view) => view.pan(0.15),
  "+": (view) => view.zoom((view.from + view.to) / 2, 0.7),
  "=": (view) => view.zoom((view.from + view.to) / 2, 0.7),
  "-": (view) => view.zoom((view.from + view.to) / 2, 1 / 0.7),
  "0": (view) => view.all(),
  Home: (view) => view.show(view.begin, view.begin + view.to - view.from),
  End: (view) => view.show(view.end - (view.to - view.from), view.end),
};

function Board({ drawn, kind }: { drawn: Drawn; kind: LaneKind }) {
  const { spans, lanes, until, failed } = drawn;
  const { open_job } = useSelection();
  const view = useRef(new View()).current;
  const [shows_chain, set_shows_chain] = useState(true);
  const [marked, set_marked] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const hint = useId();
  const found = useChain(drawn, true);
  const begin = Math.min(0, lanes.bars.from[lanes.order[0] as number] as number);
  useEffect(() => {
    let end = until;
    for (const at of lanes.bars.to) if (at < Infinity && at > end) end = at;
    view.bounds(begin, end + Math.max(1, (end - begin) * 0.004));
  }, [view, begin, until, lanes]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are others when all was asked for again
  useEffect(() => set_marked(null), [spans.anew]);

  const go = (step: 1 | -1) => {
    if (failed.length === 0) return;
    const at = marked === null ? -1 : failed.indexOf(marked);
    const middle = (view.from + view.to) / 2;
    const near = failed.findIndex((i) => (lanes.bars.to[i] as number) >= (view.whole ? -Infinity : middle));
    const next =
      at >= 0 ? (at + step + failed.length) % failed.length : Math.max(0, step === 1 ? near : near - 1);
    const row = failed[next] as number;
    set_marked(row);
    const end = lanes.bars.to[row] as number;
    const from = lanes.bars.from[row] as number;
    if (from < view.from || end > view.to) {
      const length = view.to - view.from;
      view.show((from + end - length) / 2, (from + end + length) / 2);
    }
  };
  const on_key = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== box.current) return;
    const move = moves[event.key];
    const lanes_box = box.current?.querySelector(".tl-lanes");
    if (move) move(view);
    else if (event.key === "ArrowDown") lanes_box?.scrollBy({ top: 60 });
    else if (event.key === "ArrowUp") lanes_box?.scrollBy({ top: -60 });
    else if (event.key === "n") go(1);
    else if (event.key === "N" || event.key === "p") go(-1);
    else if (event.key === "Enter" && marked !== null) open_job(spans.number[marked] as number);
    else if (event.key === "Escape" && marked !== null) set_marked(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const on_point = useCallback(() => set_marked(null), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once for each bar
  const said = useMemo(() => {
    if (marked === null) return "";
    const { rule, number, status, attempt, all } = told_of(drawn, marked);
    return `${rule}, job ${number}, attempt ${attempt}: ${look_of(status).word} after ${duration(all)}. Enter opens it.`;
  }, [marked]);
  return (
    <div className="tl" data-kind={kind}>
      <Toolbar
        drawn={drawn}
        view={view}
        chain={found?.chain ?? null}
        shows_chain={shows_chain}
        on_chain={set_shows_chain}
        on_failed={(step) => {
          go(step);
          box.current?.focus({ preventScroll: true }); // n, p and Enter go on from there
        }}
      />
      <div
        className="tl-board"
        ref={box}
        role="group"
        tabIndex={0}
        aria-label="Timeline of all attempts"
        aria-describedby={hint}
        onKeyDown={on_key}
      >
        <p className="hidden-text" id={hint}>
          A drawing: the Jobs tab tells the same as a table. Arrow keys move, plus and minus zoom, 0 shows
          all, n and p go through what failed, Enter opens it.
        </p>
        <Charts drawn={drawn} view={view} />
        <LaneStage
          drawn={drawn}
          view={view}
          chain={shows_chain ? (found?.rows ?? null) : null}
          marked={marked}
          on_open={open_job}
          on_point={on_point}
        />
        <Overview drawn={drawn} view={view} chain={shows_chain ? (found?.rows ?? null) : null} />
      </div>
      <Announce text={said} />
    </div>
  );
}
