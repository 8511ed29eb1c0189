import { type Edge, type EdgeProps, MiniMap, Panel, ReactFlow, useReactFlow, useStore } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useRef } from "react";
import { ZoomButtons } from "../../../ui/ZoomButtons.tsx";
import { rounded } from "./layout.ts";
import { type BoxNode, RuleBox } from "./RuleBox.tsx";
import type { Laid } from "./useBoxes.ts";

export type LinkEdge = Edge<{ points: { x: number; y: number }[]; dimmed: boolean; lit: boolean }, "link">;

/** Names can be read from this zoom on. */
export const readable = 0.75;

function LinkLine({ data, markerEnd, id }: EdgeProps<LinkEdge>) {
  if (!data) return null;
  return (
    <path
      id={id}
      className="rule-link"
      data-dimmed={data.dimmed}
      data-lit={data.lit}
      d={rounded(data.points)}
      markerEnd={markerEnd}
    />
  );
}

const node_types = { rule: RuleBox };
const edge_types = { link: LinkLine };
const fit = { padding: 0.06, maxZoom: 1, minZoom: 0.1 };
/** On a very large screen a small graph need not be lost in its pane. */
const fit_in = (width: number, height: number) => ({
  ...fit,
  maxZoom: Math.min(1.6, Math.max(1, Math.min(width / 1000, height / 1000))),
});

const map_colour = ({ data }: BoxNode): string => {
  const { counts } = data;
  if (counts.failed > 0) return "var(--status-failed)";
  if (counts.running > 0) return "var(--status-running)";
  return counts.total > 0 && counts.succeeded === counts.total
    ? "var(--status-succeeded)"
    : "var(--line-strong)";
};

export function GraphCanvas({
  nodes,
  edges,
  laid,
  start,
  with_map,
}: {
  nodes: BoxNode[];
  edges: LinkEdge[];
  laid: Laid;
  /** The box that is looked at first, where one comes from. */
  start: string | undefined;
  with_map: boolean;
}) {
  // The whole is shown while nobody has moved it: also after the border was dragged, or something unfolded.
  const moved = useRef(false);
  const { getZoom, setCenter } = useReactFlow();
  return (
    <ReactFlow<BoxNode, LinkEdge>
      nodes={nodes}
      edges={edges}
      nodeTypes={node_types}
      edgeTypes={edge_types}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      disableKeyboardA11y
      deleteKeyCode={null}
      minZoom={0.1}
      maxZoom={2}
      fitView={start === undefined}
      fitViewOptions={fit}
      onMoveStart={(event) => {
        if (event) moved.current = true;
      }}
      attributionPosition={with_map ? "top-right" : "bottom-right"}
      aria-label="Rules of the workflow"
    >
      <Zoom laid={laid} moved={moved} start={start} first={first_look(nodes)} />
      {with_map && (
        <MiniMap<BoxNode>
          pannable
          zoomable
          onClick={(_, { x, y }) => {
            moved.current = true;
            void setCenter(x, y, { zoom: getZoom() });
          }}
          ariaLabel="Map of the graph"
          nodeColor={map_colour}
          nodeBorderRadius={6}
          bgColor="var(--panel)"
          maskColor="color-mix(in srgb, var(--text-faint) 22%, transparent)"
          style={{ width: 140, height: 96 }}
        />
      )}
    </ReactFlow>
  );
}

/** Where one looks first in a graph that is too large to be read as a whole: what failed, then what runs. */
const first_look = (nodes: BoxNode[]): string | undefined =>
  (
    nodes.find(({ data }) => data.counts.failed > 0) ??
    nodes.find(({ data }) => data.counts.running > 0) ??
    nodes[0]
  )?.id;

function Zoom({
  laid,
  moved,
  start,
  first,
}: {
  laid: Laid;
  moved: { current: boolean };
  start: string | undefined;
  first: string | undefined;
}) {
  const { fitView, setCenter, zoomIn, zoomOut } = useReactFlow();
  const from = useRef(start);
  const best = useRef(first);
  best.current = first;
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  useEffect(() => {
    if (width === 0 || height === 0 || moved.current) return;
    const places = [...laid.layout.nodes.values()];
    const right = Math.max(...places.map((place) => place.x + place.width));
    const bottom = Math.max(...places.map((place) => place.y + place.height));
    const place = laid.layout.nodes.get(from.current ?? best.current ?? "");
    if (from.current !== undefined && place) {
      void setCenter(place.x + place.width / 2, place.y + place.height / 2, { zoom: 1 });
      [moved.current, from.current] = [true, undefined];
    } else if (Math.min(width / right, height / bottom) >= readable * 0.6 || !place)
      void fitView(fit_in(width, height));
    else void setCenter(place.x + place.width / 2, place.y + place.height / 2, { zoom: readable });
  }, [laid, width, height, moved, fitView, setCenter]);
  return (
    <Panel position="bottom-left" className="graph-zoom">
      <ZoomButtons
        zoom={(to) => void (to > 0 ? zoomIn() : zoomOut())}
        all={() => {
          moved.current = false;
          void fitView(fit_in(width, height));
        }}
      />
    </Panel>
  );
}
