import ELK, { type ElkNode } from "elkjs/lib/elk-api.js";
// A worker of its own: laying out 300 rules takes a second that the page must not stand still for.
import worker_url from "elkjs/lib/elk-worker.min.js?url";

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  nodes: Map<string, Place>;
  /** Bends of each link, by "source\0target". */
  links: Map<string, { x: number; y: number }[]>;
}

export const link_key = (source: string, target: string) => `${source}\0${target}`;

export const node_height = 58;
/** A folded box carries a button beside its name. */
const node_width = ({ title, folded }: { title: string; folded: boolean }) =>
  Math.round(Math.min(208, Math.max(128, title.length * 7.4 + 34)) + (folded ? 24 : 0));

let elk: InstanceType<typeof ELK> | undefined;
/** The worker reads its script, which is larger than all others, while what draws is still on its way. */
export const start = () => {
  elk ??= new ELK({ workerFactory: () => new Worker(worker_url) });
  return elk;
};

export async function lay_out(
  boxes: { id: string; title: string; folded: boolean }[],
  links: { source: string; target: string }[],
): Promise<Layout> {
  const known = new Set(boxes.map(({ id }) => id));
  const used = links.filter(({ source, target }) => known.has(source) && known.has(target));
  const graph: ElkNode = {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "DOWN",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.spacing.nodeNodeBetweenLayers": "36",
      "elk.spacing.nodeNode": "24",
      "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
      "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.separateConnectedComponents": "true",
    },
    children: boxes.map((box) => ({ id: box.id, width: node_width(box), height: node_height })),
    edges: used.map(({ source, target }) => ({
      id: link_key(source, target),
      sources: [source],
      targets: [target],
    })),
  };
  const done = await start().layout(graph);
  const nodes = new Map<string, Place>();
  for (const { id, x = 0, y = 0, width = 0, height = 0 } of done.children ?? []) {
    nodes.set(id, { x, y, width, height });
  }
  const bends: Layout["links"] = new Map();
  for (const edge of done.edges ?? []) {
    const section = edge.sections?.[0];
    if (section) {
      bends.set(edge.id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
    }
  }
  return { nodes, links: bends };
}

/** A line through the bends with rounded corners. */
export function rounded(points: { x: number; y: number }[], radius = 6): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  let before = first;
  rest.forEach((point, i) => {
    const after = rest[i + 1];
    if (!after) {
      path += `L${point.x} ${point.y}`;
      return;
    }
    const into = Math.min(radius, Math.hypot(point.x - before.x, point.y - before.y) / 2);
    const out = Math.min(radius, Math.hypot(after.x - point.x, after.y - point.y) / 2);
    const towards = (from: { x: number; y: number }, to: { x: number; y: number }, by: number) => {
      const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
      return `${from.x + ((to.x - from.x) / length) * by} ${from.y + ((to.y - from.y) / length) * by}`;
    };
    path += `L${towards(point, before, into)}Q${point.x} ${point.y} ${towards(point, after, out)}`;
    before = point;
  });
  return path;
}
