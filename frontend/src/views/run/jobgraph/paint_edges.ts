/** Lines: bundles between rules from afar, single edges from near, the reach of a job, the longest chain. */

import { type Brush, cells_in_sight } from "./brush.ts";
import { cell, type Layout, place_of } from "./layout.ts";
import { edges_of } from "./reach.ts";

/** Edges that are drawn one by one, at most; of one job so many each way. */
const most_edges = 1800;
const most_of_job = 12;
const most_lit = 700;

type Path = Pick<CanvasRenderingContext2D, "moveTo" | "lineTo" | "bezierCurveTo">;

function curve(path: Path, x0: number, y0: number, x1: number, y1: number) {
  const bend = Math.max(8, Math.min(Math.abs(x1 - x0) / 2, 200));
  path.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
}

/** Through the lanes of a link, from a point to a point, all in pixels of the screen. */
function way(
  path: Path,
  brush: Brush,
  link: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  off: number,
) {
  const { view, scene } = brush;
  const bends = scene.layout.bends[link] ?? [];
  let [x, y] = [x0, y0];
  for (let i = 0; i + 3 < bends.length; i += 4) {
    const left = ((bends[i] as number) - view.x) * view.zoom;
    const right = ((bends[i + 2] as number) - view.x) * view.zoom;
    const lane = ((bends[i + 1] as number) - view.y) * view.zoom + off;
    curve(path, x, y, left, lane);
    path.lineTo(right, lane);
    [x, y] = [right, lane];
  }
  curve(path, x, y, x1, y1);
}

/** Bundles: thicker where more jobs need jobs. */
export function paint_links(brush: Brush) {
  const { ctx, scene, view, size, look } = brush;
  const { layout, lit, reach } = scene;
  const { x, y, w, h, links } = layout;
  for (const bright of [false, true]) {
    links.forEach(({ from, to, edges }, i) => {
      if (lit.has(i) !== bright) return;
      const x0 = ((x[from] as number) + (w[from] as number) - view.x) * view.zoom;
      const y0 = ((y[from] as number) + (h[from] as number) / 2 - view.y) * view.zoom;
      const x1 = ((x[to] as number) - view.x) * view.zoom;
      const y1 = ((y[to] as number) + (h[to] as number) / 2 - view.y) * view.zoom;
      if (Math.min(x0, x1) > size.width || Math.max(x0, x1) < 0) return;
      ctx.beginPath();
      ctx.moveTo(x0, y0);
      way(ctx, brush, i, x0, y0, x1, y1, 0);
      const room = Math.min(h[from] as number, h[to] as number) * view.zoom;
      ctx.lineWidth = Math.max(1, Math.min(1 + Math.log2(edges + 1) * 0.55, room / 4));
      ctx.globalAlpha = bright ? 0.9 : reach || brush.dim ? 0.35 : 0.8;
      ctx.strokeStyle = bright ? look.palette.accent : look.palette.line_strong;
      ctx.stroke();
    });
  }
  ctx.globalAlpha = 1;
}

const link_index = new WeakMap<Layout, Map<number, number>>();
function links_by_pair(layout: Layout): Map<number, number> {
  let held = link_index.get(layout);
  if (!held) {
    held = new Map(layout.links.map(({ from, to }, i) => [from * 65_536 + to, i]));
    link_index.set(layout, held);
  }
  return held;
}

/** An edge, behind the cells that stand in its way: along the rows of both blocks, and curved between them. */
function edge(path: Path, brush: Brush, from: number, to: number) {
  const { scene, view } = brush;
  const { layout, shape } = scene;
  const [a, b] = [place_of(layout, shape, from), place_of(layout, shape, to)];
  const [source, target] = [shape.rule[from] as number, shape.rule[to] as number];
  const middle = cell.height / 2;
  const sx = (world: number) => (world - view.x) * view.zoom;
  const sy = (world: number) => (world - view.y) * view.zoom;
  const [x0, y0] = [sx(a.x + cell.width), sy(a.y + middle)];
  const [x1, y1] = [sx(b.x), sy(b.y + middle)];
  path.moveTo(x0, y0);
  if (source === target) {
    curve(path, x0, y0, x1, y1);
    return;
  }
  const out = sx((layout.x[source] as number) + (layout.w[source] as number));
  const into = sx(layout.x[target] as number);
  path.lineTo(out, y0);
  const link = links_by_pair(layout).get(source * 65_536 + target) ?? -1;
  // In a lane edges run side by side, in the order of their jobs.
  const share =
    (layout.slot[from] as number) /
    Math.max(1, (layout.start[source + 1] as number) - (layout.start[source] as number));
  way(path, brush, link, out, y0, into, y1, (share - 0.5) * 16 * view.zoom);
  path.lineTo(x1, y1);
}

/** The edges of the jobs in sight, while they are not too many. */
export function paint_edges(brush: Brush) {
  const { ctx, scene, look, dim } = brush;
  const { shape } = scene;
  let left = most_edges;
  const seen = new Set<number>();
  const draw = (meant: boolean, jobs: number[]) => {
    ctx.beginPath();
    for (const job of jobs) {
      const [up, end] = [shape.up_at[job] as number, shape.up_at[job + 1] as number];
      for (let i = up; i < Math.min(end, up + most_of_job) && left > 0; i++, left--) {
        edge(ctx, brush, shape.up[i] as number, job);
      }
      const [down, last] = [shape.down_at[job] as number, shape.down_at[job + 1] as number];
      for (let i = down; i < Math.min(last, down + most_of_job) && left > 0; i++) {
        const to = shape.down[i] as number;
        if (seen.has(to)) continue; // drawn from its other end
        edge(ctx, brush, job, to);
        left--;
      }
    }
    ctx.globalAlpha = meant ? 1 : 0.4;
    ctx.stroke();
  };
  const all = [...cells_in_sight(brush)];
  for (const job of all) seen.add(job);
  ctx.lineWidth = 1;
  ctx.strokeStyle = look.palette.line_strong;
  if (dim) {
    draw(
      true,
      all.filter((job) => dim[job] === 0),
    );
    draw(
      false,
      all.filter((job) => dim[job] === 1),
    );
  } else draw(true, all);
  ctx.globalAlpha = 1;
}

const drawn_reach = new WeakMap<object, Int32Array>();

/** The ways through the job that is looked at, the nearest first, as far as single lines can be told apart. */
export function paint_reach(brush: Brush) {
  const { ctx, scene, look } = brush;
  const { reach, shape } = scene;
  if (!reach) return;
  let pairs = drawn_reach.get(reach);
  if (!pairs) {
    pairs = edges_of(shape, reach, most_lit);
    drawn_reach.set(reach, pairs);
  }
  ctx.beginPath();
  for (let i = 0; i < pairs.length; i += 2) edge(ctx, brush, pairs[i] as number, pairs[i + 1] as number);
  ctx.lineWidth = brush.view.zoom < 0.2 ? 1 : 1.5;
  ctx.strokeStyle = look.palette.accent;
  ctx.globalAlpha = pairs.length > 200 ? 0.55 : 0.9;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** The longest chain so far: a strong line, with its ground around it so that it is seen upon anything. */
export function paint_chain(brush: Brush) {
  const { ctx, scene, look, view } = brush;
  const { chain, layout, shape } = scene;
  if (chain.length === 0) return;
  ctx.beginPath();
  for (let i = 0; i + 1 < chain.length; i++) edge(ctx, brush, chain[i] as number, chain[i + 1] as number);
  ctx.lineJoin = "round";
  for (const [colour, width] of [
    [look.palette.panel, 5],
    [look.palette.text, 2.25],
  ] as const) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.stroke();
  }
  const size = Math.max(5, cell.height * view.zoom);
  for (let i = 0; i < chain.length; i++) {
    const { x, y } = place_of(layout, shape, chain[i] as number);
    const [left, top] = [(x - view.x) * view.zoom, (y + cell.height / 2 - view.y) * view.zoom - size / 2];
    if (cell.height * view.zoom < 5) {
      ctx.fillStyle = look.palette.text;
      ctx.fillRect(left, top, Math.max(5, cell.width * view.zoom), size);
      continue;
    }
    ctx.lineWidth = 2;
    ctx.strokeStyle = look.palette.text;
    ctx.strokeRect(left - 1, top - 1, Math.max(5, cell.width * view.zoom) + 2, size + 2);
  }
}
