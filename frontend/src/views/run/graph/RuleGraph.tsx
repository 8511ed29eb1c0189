import { useQuery, useQueryClient } from "@tanstack/react-query";
import { MarkerType, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { App } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { figures_query } from "../../../api/figures.ts";
import { keys } from "../../../api/queries.ts";
import type { JobCounts, RuleGraph as RuleGraphShape, RunDetail } from "../../../api/types.ts";
import { duration } from "../../../ui/format.ts";
import { useNarrow } from "../../../ui/narrow.ts";
import { Said } from "../../../ui/Said.tsx";
import { useMatches, useSelection } from "../selection/selection.ts";
import { sum, useCounted } from "./counted.ts";
import { drawing, png_of, save } from "./drawing.ts";
import type { Box } from "./fold.ts";
import { GraphCanvas, type LinkEdge, readable } from "./GraphCanvas.tsx";
import { GraphFoot } from "./GraphFoot.tsx";
import { GraphTools } from "./GraphTools.tsx";
import { link_key } from "./layout.ts";
import { found_in, marks_of } from "./marks.ts";
import { Plain } from "./Plain.tsx";
import { type Acts, type BoxNode, done_text } from "./RuleBox.tsx";
import { Ways } from "./reach.ts";
import { sum_reasons } from "./reasons.ts";
import { type Laid, useBoxes } from "./useBoxes.ts";
import { useWayIn } from "./useWayIn.ts";
import "./graph.css";

const hover_ms = 100;
/** Fewer are seen at once: nothing has to be searched for, and no map is needed to find the way. */
const search_from = 8;
const map_from = 25;

const marker = (color: string) => ({ type: MarkerType.ArrowClosed, width: 14, height: 14, color });
const usual_end = marker("var(--line-strong)");
const lit_end = marker("var(--accent)");

/** Of so many a reason can be known: it is told when a job is handed out. */
const ran_of = ({ total, planned, skipped }: JobCounts) => total - planned - skipped;

const focus = (pane: HTMLElement | null, box: string) =>
  pane?.querySelector<HTMLElement>(`[data-box="${CSS.escape(box)}"]`)?.focus();

export function RuleGraph({ graph }: { graph: RuleGraphShape }) {
  const boxes = useBoxes(graph);
  if (boxes.broken && !boxes.laid) {
    return (
      <Said title="The graph could not be drawn">Jobs, failures and all else are not touched by it.</Said>
    );
  }
  if (!boxes.laid) return <Plain busy />;
  return (
    <div className="graph-pane" aria-busy={false}>
      <ReactFlowProvider>
        <Drawing graph={graph} boxes={boxes} laid={boxes.laid} />
      </ReactFlowProvider>
    </div>
  );
}

function Drawing({
  graph,
  boxes,
  laid,
}: {
  graph: RuleGraphShape;
  boxes: ReturnType<typeof useBoxes>;
  laid: Laid;
}) {
  const { id, search, set } = useSelection();
  const { getNode, getZoom, setCenter } = useReactFlow();
  const { message } = App.useApp();
  const narrow = useNarrow();
  const { start, ways: ways_in } = useWayIn(laid);
  const cache = useQueryClient();
  const pane = useRef<HTMLDivElement>(null);
  const figures = useQuery(figures_query(id)).data;
  const medians = useMemo(
    () => new Map(figures?.rules.map(({ rule, median_seconds }) => [rule, median_seconds])),
    [figures],
  );
  const counted = useCounted(graph, laid, medians);
  const matches = useMatches();
  const rules = useMemo(() => new Set(search.rule ?? []), [search.rule]);
  const ways = useMemo(() => new Ways(laid.links), [laid.links]);
  const [looked, set_looked] = useState<string | null>(null);
  const [reached, set_reached] = useState<string | null>(null);
  const [text, set_text] = useState("");
  const [at, set_at] = useState(-1);
  const found = useMemo(() => found_in(laid.boxes, text), [laid.boxes, text]);
  const places = laid.layout.nodes;
  const here = looked !== null && places.has(looked) ? looked : null;
  const marks = useMemo(() => marks_of(laid, ways, here, rules, matches), [laid, ways, here, rules, matches]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const show = (box: string, zoom = getZoom()) => {
    const node = getNode(box);
    if (!node) return;
    const { x, y } = node.position;
    void setCenter(x + (node.width ?? 0) / 2, y + (node.height ?? 0) / 2, { zoom });
  };
  // Whom the focus goes to when the boxes are laid out anew: the one it was on stands there no more.
  const follow = useRef<string | null>(null);
  useEffect(() => {
    const rule = follow.current;
    const box = rule && laid.boxes.find((one) => one.rules.includes(rule));
    follow.current = null;
    if (!box) return;
    const frame = requestAnimationFrame(() => focus(pane.current, box.id));
    return () => cancelAnimationFrame(frame);
  }, [laid]);

  const turn = (box: Box) => {
    if (!box.fold) return;
    if (pane.current?.contains(document.activeElement)) follow.current = box.rules[0] ?? null;
    set_looked(null);
    boxes.turn(box.fold);
  };
  const current = useRef<Acts>(undefined);
  current.current = {
    turn,
    choose: (box, add) => {
      const held = search.rule ?? [];
      const all = box.rules.every((rule) => rules.has(rule));
      const others = held.filter((rule) => !box.rules.includes(rule));
      const alone = all && others.length === 0;
      const next = add ? (all ? others : [...others, ...box.rules]) : alone ? [] : box.rules;
      set({ rule: next.length > 0 ? next : undefined });
    },
    hover: (box) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => set_looked(box), hover_ms);
    },
    reached: (box, by_key) => {
      set_reached(box);
      if (!by_key) return;
      // A box outside of the window would take the focus unseen.
      show(box, Math.max(getZoom(), readable));
      clearTimeout(timer.current);
      set_looked(box);
    },
    key: (box, key) => {
      if (key === "+" || key === "-") {
        if (box.fold && box.folded === (key === "+")) turn(box);
        return true;
      }
      const next = ways.step(box.id, key, places);
      if (next) focus(pane.current, next);
      return next !== undefined || key.startsWith("Arrow");
    },
  };
  const acts = useMemo<Acts>(
    () => ({
      choose: (box, add) => current.current?.choose(box, add),
      turn: (box) => current.current?.turn(box),
      hover: (box) => current.current?.hover(box),
      reached: (box, by_key) => current.current?.reached(box, by_key),
      key: (box, key) => current.current?.key(box, key) ?? false,
    }),
    [],
  );

  const shown_find = found[at];
  const entry =
    reached !== null && places.has(reached) ? reached : ([...marks.chosen][0] ?? laid.boxes[0]?.id);
  const nodes = useMemo<BoxNode[]>(
    () =>
      laid.boxes.flatMap((box) => {
        const place = places.get(box.id);
        const now = counted.get(box.id);
        if (!place || !now) return [];
        const { x, y, width, height } = place;
        const is_found = found.includes(box.id);
        return {
          id: box.id,
          type: "rule" as const,
          position: { x, y },
          width,
          height,
          data: {
            box,
            ...now,
            chosen: marks.chosen.has(box.id),
            dimmed: text.trim() ? !is_found : marks.dimmed.has(box.id),
            found: box.id === shown_find ? ("here" as const) : is_found ? ("found" as const) : ("" as const),
            reachable: box.id === entry,
            acts,
          },
        };
      }),
    [laid.boxes, places, counted, marks, found, shown_find, text, entry, acts],
  );
  const edges = useMemo<LinkEdge[]>(
    () =>
      laid.links.flatMap(({ source, target }) => {
        const key = link_key(source, target);
        const points = laid.layout.links.get(key);
        if (!points) return [];
        const lit = marks.lit.has(key);
        const dimmed = marks.some ? !lit : marks.dimmed.has(source) || marks.dimmed.has(target);
        return {
          id: key,
          type: "link" as const,
          source,
          target,
          data: { points, dimmed, lit },
          zIndex: lit ? 1 : 0,
          markerEnd: lit ? lit_end : usual_end,
        };
      }),
    [laid, marks],
  );

  const save_as = async (kind: "svg" | "png") => {
    const name = cache.getQueryData<RunDetail>(keys.detail(id))?.name || "run";
    const drawn = laid.boxes.flatMap((box) => {
      const now = counted.get(box.id);
      return now ? { ...box, ...now, done: done_text(now.counts) } : [];
    });
    const svg = drawing(name, drawn, laid.links, laid.layout);
    const file = `${name.replace(/[^\p{L}\p{N}_.-]+/gu, "-").slice(0, 80)}-rules.${kind}`;
    try {
      save(file, kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await png_of(svg));
    } catch (error) {
      void message.error(`The picture could not be made. ${error instanceof Error ? error.message : ""}`);
    }
  };

  // The box under the pointer, else what is chosen, else the whole run.
  const told =
    here !== null
      ? laid.boxes.filter((box) => box.id === here)
      : laid.boxes.filter((box) => marks.chosen.has(box.id));
  const first = told[0];
  return (
    <div className="graph" ref={pane}>
      <GraphTools
        find={
          graph.nodes.length < search_from
            ? null
            : {
                text,
                found: found.length,
                at,
                write: (next) => {
                  set_text(next);
                  set_at(-1);
                },
                step: (by) => {
                  if (found.length === 0) return;
                  const next =
                    at < 0 ? (by > 0 ? 0 : found.length - 1) : (at + by + found.length) % found.length;
                  set_at(next);
                  if (found[next] !== undefined) show(found[next], Math.max(getZoom(), readable));
                },
              }
        }
        folds={boxes.folds.length}
        folded={boxes.folded}
        fold_all={boxes.fold_all}
        save={(kind) => void save_as(kind)}
      />
      <div className="graph-canvas" {...ways_in}>
        <GraphCanvas
          start={start}
          nodes={nodes}
          edges={edges}
          laid={laid}
          with_map={!narrow && laid.boxes.length >= map_from}
        />
      </div>
      <GraphFoot
        title={told.length === 1 && first ? first.title : told.length > 1 ? `${told.length} chosen` : ""}
        counts={told.length > 0 ? sum(told.flatMap((box) => counted.get(box.id)?.counts ?? [])) : null}
        median={told.length === 1 && first && !first.folded ? duration(medians.get(first.title)) : ""}
        reasons={
          told.length === 0
            ? (figures?.reasons ?? {})
            : sum_reasons(
                (figures?.rules ?? [])
                  .filter(({ rule }) => told.some((box) => box.rules.includes(rule)))
                  .map(({ reasons }) => reasons),
              )
        }
        ran={ran_of(
          sum((told.length > 0 ? told : laid.boxes).flatMap((box) => counted.get(box.id)?.counts ?? [])),
        )}
        rules={graph.nodes.length}
      />
    </div>
  );
}
