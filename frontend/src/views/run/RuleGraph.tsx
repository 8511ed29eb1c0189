import {
  type Edge,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Panel,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useCallback, useEffect, useMemo, useState } from "react";
import type { RuleCounts, RuleGraph as RuleGraphShape } from "../../api/types.ts";
import { CountsBar } from "../../ui/CountsBar.tsx";
import { count } from "../../ui/format.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { type Layout, lay_out, link_key, rounded } from "./layout.ts";
import { useMatches, useSelection } from "./selection.ts";
import "./graph.css";

type RuleNode = Node<{ counts: RuleCounts; chosen: boolean; dimmed: boolean; choose: Choose }, "rule">;
type LinkEdge = Edge<{ points: { x: number; y: number }[]; dimmed: boolean }, "link">;
type Choose = (rule: string, add: boolean) => void;

const RuleBox = memo(function RuleBox({ data }: NodeProps<RuleNode>) {
  const { rule, jobs } = data.counts;
  const { setCenter, getNode, getZoom } = useReactFlow();
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button
        type="button"
        className="rule-box nopan"
        aria-pressed={data.chosen}
        data-dimmed={data.dimmed}
        data-empty={jobs.total === 0}
        title={rule}
        onClick={(event) => data.choose(rule, event.shiftKey || event.ctrlKey || event.metaKey)}
        onFocus={(event) => {
          // Reached by keyboard: a node outside of the window would take the focus unseen.
          const node = getNode(rule);
          if (node && event.currentTarget.matches(":focus-visible")) {
            const { x, y } = node.position;
            void setCenter(x + (node.width ?? 0) / 2, y + (node.height ?? 0) / 2, { zoom: getZoom() });
          }
        }}
      >
        <span className="rule-line">
          <span className="rule-name cut">{rule}</span>
          {jobs.failed > 0 && <StatusIcon status="failed" titled size={12} />}
        </span>
        <span className="rule-line">
          <CountsBar counts={jobs} height={5} />
          <span className="rule-count">
            {jobs.total > 0 ? `${count(jobs.succeeded)}/${count(jobs.total)}` : "none"}
          </span>
        </span>
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
});

function LinkLine({ data, markerEnd, id }: EdgeProps<LinkEdge>) {
  if (!data) return null;
  return (
    <path
      id={id}
      className="rule-link"
      data-dimmed={data.dimmed}
      d={rounded(data.points)}
      markerEnd={markerEnd}
    />
  );
}

const node_types = { rule: RuleBox };
const edge_types = { link: LinkLine };

/** Laid out again only when rules or links change: while counts move, nothing does. */
function useLayout(graph: RuleGraphShape): Layout | null {
  const [layout, set_layout] = useState<Layout | null>(null);
  const shape = JSON.stringify([graph.nodes.map((node) => node.rule), graph.links]);
  useEffect(() => {
    let current = true;
    const [rules, links] = JSON.parse(shape) as [string[], RuleGraphShape["links"]];
    void lay_out(rules, links).then((done) => {
      if (current) set_layout(done);
    });
    return () => {
      current = false;
    };
  }, [shape]);
  return layout;
}

export function RuleGraph({ graph }: { graph: RuleGraphShape }) {
  const layout = useLayout(graph);
  return (
    <div className="graph-pane" aria-busy={layout === null}>
      {layout && (
        <ReactFlowProvider>
          <Drawing graph={graph} layout={layout} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

function Drawing({ graph, layout }: { graph: RuleGraphShape; layout: Layout }) {
  const { search, only_rule, toggle_rule } = useSelection();
  const chosen = useMemo(() => new Set(search.rule ?? []), [search.rule]);
  const matches = useMatches();
  // A rule is in the background when it is not chosen, or has no job that is.
  const behind = useCallback(
    (rule: string) => (chosen.size > 0 && !chosen.has(rule)) || (matches !== null && !(rule in matches)),
    [chosen, matches],
  );
  const nodes = useMemo<RuleNode[]>(
    () =>
      graph.nodes.flatMap((counts) => {
        const place = layout.nodes.get(counts.rule);
        if (!place) return [];
        const { x, y, width, height } = place;
        return {
          id: counts.rule,
          type: "rule" as const,
          position: { x, y },
          width,
          height,
          data: {
            counts,
            chosen: chosen.has(counts.rule),
            dimmed: behind(counts.rule),
            choose: (rule, add) => (add ? toggle_rule(rule) : only_rule(rule)),
          },
        };
      }),
    [graph.nodes, layout, chosen, behind, only_rule, toggle_rule],
  );
  const edges = useMemo<LinkEdge[]>(
    () =>
      graph.links.flatMap(({ source, target }) => {
        const points = layout.links.get(link_key(source, target));
        if (!points) return [];
        return {
          id: link_key(source, target),
          type: "link" as const,
          source,
          target,
          data: { points, dimmed: behind(source) && behind(target) },
          markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--line-strong)" },
        };
      }),
    [graph.links, layout, behind],
  );
  return (
    <ReactFlow<RuleNode, LinkEdge>
      nodes={nodes}
      edges={edges}
      nodeTypes={node_types}
      edgeTypes={edge_types}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      deleteKeyCode={null}
      minZoom={0.1}
      maxZoom={2}
      fitView
      fitViewOptions={fit}
      aria-label="Rules of the workflow"
    >
      <Zoom layout={layout} />
    </ReactFlow>
  );
}

const fit = { padding: 0.06, maxZoom: 1, minZoom: 0.1 };

function Zoom({ layout }: { layout: Layout }) {
  const { fitView, zoomIn, zoomOut } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  // The whole is shown while nobody has moved it: also after the border was dragged.
  const moved = useStore((state) => state.userSelectionActive);
  useEffect(() => {
    if (layout && width > 0 && height > 0 && !moved) void fitView(fit);
  }, [layout, width, height, moved, fitView]);
  return (
    <Panel position="bottom-left" className="graph-zoom">
      <button
        type="button"
        className="icon-button"
        aria-label="Closer"
        title="Closer"
        onClick={() => void zoomIn()}
      >
        <Glyph name="plus" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Farther"
        title="Farther"
        onClick={() => void zoomOut()}
      >
        <Glyph name="minus" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Show all"
        title="Show all"
        onClick={() => void fitView(fit)}
      >
        <Glyph name="fit" />
      </button>
    </Panel>
  );
}
