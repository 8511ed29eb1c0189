import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { App } from "antd";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { JobGraph } from "../../../api/graph.ts";
import { spans_query } from "../../../api/spans.ts";
import type { RunDetail } from "../../../api/types.ts";
import { useShade } from "../../../theme/mode.ts";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { count, duration } from "../../../ui/format.ts";
import { useNarrow } from "../../../ui/narrow.ts";
import { ZoomButtons } from "../../../ui/ZoomButtons.tsx";
import { save } from "../graph/drawing.ts";
import { look_at } from "../graph/whereabouts.ts";
import { useSelection } from "../selection/selection.ts";
import { cells_in_sight } from "./brush.ts";
import { begin_at, block_of, cell_of, type Hit, hit } from "./hit.ts";
import { JobFoot } from "./JobFoot.tsx";
import { JobMap } from "./JobMap.tsx";
import { JobTip, type Told } from "./JobTip.tsx";
import { JobTools } from "./JobTools.tsx";
import { look_of_shade } from "./look.ts";
import { near } from "./paint.ts";
import { picture } from "./picture.ts";
import { reach_of, step } from "./reach.ts";
import { counted, counts_of, lit_links, type Scene } from "./scene.ts";
import { useBoard } from "./useBoard.ts";
import { useGestures } from "./useGestures.ts";
import type { Laid } from "./useLayout.ts";
import { useChain, useDim, useLabels, useStates } from "./useScene.ts";

const hover_ms = 100;
const reading = 0.75; // zoom at which cells can be read
const pan_step = 60;

export function JobDrawing({ run, graph, laid }: { run: RunDetail; graph: JobGraph; laid: Laid }) {
  const { id, search, set, open_job, only_rule } = useSelection();
  const { shape, layout } = laid;
  const { message } = App.useApp();
  const narrow = useNarrow();
  const look = look_of_shade(useShade());
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  const states = useStates(id, graph);
  const counts = useMemo(() => counted(shape, states), [shape, states]);
  const dim = useDim(id, search, graph, states);
  const chain = useChain(run, graph, search.chain === "shown");
  const spans = useQuery(spans_query(id)).data;

  const [pointed, point] = useState<{ hit: Hit; x: number; y: number } | null>(null);
  const [looked, look_on] = useState<number | undefined>();
  const [focus, set_focus] = useState<number | undefined>();
  const came = useRef<number | undefined>(undefined);
  const [near_enough, come_near] = useState(false);
  const labels = useLabels(run, graph, near_enough || pointed?.hit.job !== undefined || focus !== undefined);

  const positions = useMemo(() => new Map([...graph.number].map((n, i) => [n, i])), [graph.number]);
  const number = useParams({ strict: false, select: (all) => (all as { number?: string }).number });
  const open = number === undefined ? undefined : positions.get(Number(number));
  const from = looked ?? focus ?? open;
  const reach = useMemo(() => (from === undefined ? null : reach_of(shape, from)), [shape, from]);
  const lit = useMemo(() => lit_links(shape, layout, reach), [shape, layout, reach]);
  const scene = useMemo<Scene>(
    () => ({
      ...{ shape, layout, states, counts, dim, reach, lit, focus, open },
      chain: chain.jobs,
      label: labels.short,
    }),
    [shape, layout, states, counts, dim, reach, lit, chain.jobs, focus, open, labels],
  );
  const board = useBoard(id, box, canvas, scene, look);

  const at_job = pointed?.hit.job;
  useEffect(() => {
    const timer = setTimeout(() => look_on(at_job), hover_ms);
    return () => clearTimeout(timer);
  }, [at_job]);
  useEffect(() => {
    if (!board) return;
    const told = () => board.view.zoom >= near && come_near(true);
    told();
    return board.on_view(told);
  }, [board]);
  // The plan was taken anew: positions mean other jobs.
  useEffect(() => {
    void shape;
    set_focus(undefined);
    point(null);
  }, [shape]);

  const reveal = (job: number) => board?.reveal(cell_of(layout, shape, job), reading);
  useGestures(canvas, board, {
    hover: (at) => {
      const found = at && board ? hit(scene, board.view, at.x, at.y) : null;
      point(found && at ? { hit: found, ...at } : null);
    },
    press: (at) => {
      const found = board && hit(scene, board.view, at.x, at.y);
      if (!board || !found) set_focus(undefined);
      else if (found.job !== undefined) {
        set_focus(found.job);
        open_job(graph.number[found.job] as number);
      } else if (board.view.zoom >= near) only_rule(shape.rules[found.rule] ?? "");
      else {
        const before = board.view.zoom;
        board.go_to(block_of(layout, found.rule));
        if (board.view.zoom < before * 1.2) board.zoom(Math.max(2, near / board.view.zoom), at.x, at.y);
      }
    },
    out: () => {
      look_at(id, undefined);
      set({ graph: undefined });
    },
  });

  const on_key = (event: KeyboardEvent) => {
    if (!board || event.ctrlKey || event.metaKey || event.altKey || event.target !== box.current) return;
    const { key } = event;
    const pan = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (key === "+" || key === "=") board.zoom(1.4);
    else if (key === "-") board.zoom(1 / 1.4);
    else if (key === "0") board.fit();
    else if (pan && (focus === undefined || event.shiftKey)) {
      board.pan((pan[0] ?? 0) * pan_step, (pan[1] ?? 0) * pan_step);
    } else if (pan && focus !== undefined) {
      const to = step(shape, layout, focus, key, came.current);
      if (to !== undefined) {
        came.current = key === "ArrowLeft" || key === "ArrowRight" ? focus : undefined;
        set_focus(to);
        reveal(to);
      }
    } else if (key === "Enter" && focus !== undefined) open_job(graph.number[focus] as number);
    else if (key === "Enter") {
      const { x, y } = board.at(board.size.width / 2, board.size.height / 2);
      const first = begin_at(scene, cells_in_sight({ scene, view: board.view, size: board.size }), { x, y });
      came.current = undefined;
      set_focus(first);
      if (first !== undefined) reveal(first);
    } else if (key === "Escape" && focus !== undefined) set_focus(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const told_of = (found: Hit): Told => ({
    rule: shape.rules[found.rule] ?? "",
    counts: counts_of(counts, found.rule),
    job: found.job === undefined ? undefined : told_job(found.job),
  });
  const told_job = (job: number) => {
    const row = spans?.last.get(graph.number[job] as number);
    const ended = spans && row !== undefined ? spans.ended[row] : Number.NaN;
    const began = spans && row !== undefined ? spans.started[row] : Number.NaN;
    return {
      number: graph.number[job] as number,
      status: job_statuses[states[job] as number] ?? ("planned" as const),
      wildcards: labels.wildcards(job),
      took: Number.isNaN((ended ?? Number.NaN) - (began ?? Number.NaN))
        ? ""
        : duration(((ended ?? 0) - (began ?? 0)) / 1000),
    };
  };
  const looked_on = focus === undefined ? undefined : told_job(focus);
  const spoken =
    looked_on &&
    [
      `job ${looked_on.number}`,
      shape.rules[shape.rule[focus ?? 0] as number],
      ...looked_on.wildcards.map(([name, value]) => `${name} ${value}`),
      look_of(looked_on.status).word,
      `needs ${count((reach?.up.length ?? 0) as number)}, needed by ${count(reach?.down.length ?? 0)}`,
    ].join(", ");

  const save_as = async () => {
    const file = `${(run.name || "run").replace(/[^\w.-]+/g, "-").slice(0, 80)}-jobs.png`;
    try {
      save(file, await picture(run.name || "run", scene, look_of_shade("light")));
    } catch (error) {
      void message.error(`The picture could not be made. ${error instanceof Error ? error.message : ""}`);
    }
  };
  return (
    <>
      <JobTools chain={search.chain === "shown"} save={() => void save_as()} />
      <div
        className="job-board"
        ref={box}
        role="application"
        tabIndex={0}
        aria-label={`Graph of ${count(graph.number.length)} jobs`}
        aria-describedby="job-board-keys"
        data-laid-out-ms={Math.round(layout.took)}
        onKeyDown={on_key}
        onBlur={(event) => event.target === box.current && number === undefined && set_focus(undefined)}
      >
        <canvas ref={canvas} style={{ cursor: pointed ? "pointer" : "grab" }} />
        <p id="job-board-keys" className="hidden-text">
          Enter goes to a job; then the arrow keys go from job to job along what they need, Enter opens it,
          Escape leaves it. Plus, minus and 0 zoom. The table of jobs tells the same in rows.
        </p>
        <div className="hidden-text" role="status">
          {spoken}
        </div>
        {board && pointed && <JobTip told={told_of(pointed.hit)} at={pointed} within={board.size} />}
        {board && !narrow && <JobMap board={board} version={scene} />}
        <div className="graph-zoom job-zoom">
          <ZoomButtons keys zoom={(to) => board?.zoom(to > 0 ? 1.6 : 1 / 1.6)} all={() => board?.fit()} />
        </div>
      </div>
      <JobFoot
        run={run}
        graph={graph}
        from={from}
        rule={from === undefined ? "" : (shape.rules[shape.rule[from] as number] ?? "")}
        reach={reach}
        chain={search.chain === "shown" ? chain : null}
      />
    </>
  );
}
