/** Jobs one by one: cells that can be read, marks for what failed or runs where cells are specks, and rings. */
import { type JobStatus, job_statuses } from "../../../theme/status.ts";
import { type Brush, blocks, cells_in_sight } from "./brush.ts";
import { cell, place_of } from "./layout.ts";
import { draw_glyph } from "./look.ts";
import { counts_of } from "./scene.ts";

const readable = 13; // px that a cell is high before there are words in it
const with_glyph = 7;

export function paint_cells(brush: Brush) {
  const { ctx, scene, look, view, dim } = brush;
  const { layout, shape, states } = scene;
  const [wide, high] = [cell.width * view.zoom, cell.height * view.zoom];
  const corner = Math.min(4, high / 5);
  const by_kind: number[][] = Array.from({ length: job_statuses.length * 2 }, () => []);
  for (const job of cells_in_sight(brush)) {
    by_kind[(states[job] as number) + (dim && dim[job] === 1 ? job_statuses.length : 0)]?.push(job);
  }
  const icon = Math.min(high - 4, 16);
  const left = icon >= with_glyph ? 4 + icon + 5 : 6;
  ctx.font = `${Math.max(10, Math.min(13, high * 0.72))}px ${look.font}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  by_kind.forEach((jobs, kind) => {
    const status = look.status[kind % job_statuses.length];
    const word = job_statuses[kind % job_statuses.length];
    if (!status || !word || jobs.length === 0) return;
    const back = kind >= job_statuses.length;
    const at = jobs.map((job) => {
      const { x, y } = place_of(layout, shape, job);
      return [(x - view.x) * view.zoom, (y - view.y) * view.zoom] as const;
    });
    // First the ground, so that no line is seen through a job that steps back.
    ctx.fillStyle = look.palette.panel;
    if (back) for (const [x, y] of at) ctx.fillRect(x, y, wide, high);
    ctx.globalAlpha = back ? 0.35 : 1;
    ctx.beginPath();
    for (const [x, y] of at) ctx.roundRect(x + 0.5, y + 0.5, wide - 1, high - 1, corner);
    ctx.fillStyle = status.fill;
    ctx.fill();
    ctx.strokeStyle = status.edge;
    ctx.lineWidth = word === "failed" ? 1.75 : 1;
    if (word === "planned") ctx.setLineDash([2, 2]);
    ctx.stroke();
    ctx.setLineDash([]);
    if (icon >= with_glyph) {
      ctx.strokeStyle = status.colour;
      for (const [x, y] of at) draw_glyph(ctx, word, x + 4, y + (high - icon) / 2, icon);
    }
    if (high >= readable) {
      ctx.fillStyle = look.palette.text;
      at.forEach(([x, y], i) => {
        const text = cut(ctx, scene.label(jobs[i] as number), wide - left - 5);
        ctx.fillText(text, x + left, y + high / 2 + 0.5);
      });
    }
    ctx.globalAlpha = 1;
  });
}

/** As much of a text as fits; measured by its usual width, since each job is measured in each picture. */
export function cut(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  const size = Number.parseFloat(/[\d.]+px/.exec(ctx.font)?.[0] ?? "12");
  const most = Math.floor(width / (size * 0.55));
  if (text.length <= most) return text;
  if (ctx.measureText(text).width <= width) return text;
  return most < 2 ? "" : `${text.slice(0, most - 1)}…`;
}

const mark_step = 7; // px; marks nearer to each other are one

/** Jobs that are meant where others are not, as long as they are few: each can be seen from afar. */
const few = 4000;
const dot = 3; // px

/** A cross for what failed and a dot for what runs, as large at any zoom: none is lost among ten thousand. */
export function paint_marks(brush: Brush) {
  if (cell.height * brush.view.zoom < dot) paint_meant(brush);
  for (const status of ["running", "failed"] as const) paint_marked(brush, status);
}

function paint_meant({ ctx, scene, look, view, size, meant }: Brush) {
  if (!meant || meant.length > few) return;
  const { layout, shape, states } = scene;
  for (const job of meant) {
    const place = place_of(layout, shape, job);
    const x = (place.x + cell.width / 2 - view.x) * view.zoom;
    const y = (place.y + cell.height / 2 - view.y) * view.zoom;
    if (x < 0 || y < 0 || x > size.width || y > size.height) continue;
    const wide = Math.max(dot, cell.width * view.zoom);
    ctx.fillStyle = look.status[states[job] as number]?.colour ?? "";
    ctx.fillRect(x - wide / 2, y - dot / 2, wide, dot);
  }
}

function paint_marked(brush: Brush, status: JobStatus) {
  const { ctx, scene, look, view, size, dim } = brush;
  const { layout, shape, states, counts } = scene;
  const kind = job_statuses.indexOf(status);
  const across = Math.ceil(size.width / mark_step) + 1;
  const taken = new Uint8Array(across * (Math.ceil(size.height / mark_step) + 1));
  const [mx, my] = [(cell.width / 2) * view.zoom, (cell.height / 2) * view.zoom];
  const crosses: number[] = [];
  const pale: number[] = [];
  for (const [rule] of blocks(brush)) {
    if (counts_of(counts, rule)[kind] === 0) continue;
    for (let i = layout.start[rule] as number; i < (layout.start[rule + 1] as number); i++) {
      const job = layout.order[i] as number;
      if (states[job] !== kind) continue;
      const place = place_of(layout, shape, job);
      const x = (place.x - view.x) * view.zoom + mx;
      const y = (place.y - view.y) * view.zoom + my;
      if (x < 0 || y < 0 || x > size.width || y > size.height) continue;
      const bin = Math.floor(y / mark_step) * across + Math.floor(x / mark_step);
      if (taken[bin] === 1) continue;
      taken[bin] = 1;
      (dim && dim[job] === 1 ? pale : crosses).push(x, y);
    }
  }
  for (const [points, alpha] of [
    [pale, 0.35],
    [crosses, 1],
  ] as const) {
    if (points.length === 0) continue;
    ctx.globalAlpha = alpha;
    ctx.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i] as number, points[i + 1] as number];
      if (status === "failed") {
        ctx.moveTo(x - 3.5, y - 3.5);
        ctx.lineTo(x + 3.5, y + 3.5);
        ctx.moveTo(x + 3.5, y - 3.5);
        ctx.lineTo(x - 3.5, y + 3.5);
      } else {
        ctx.moveTo(x + 2.5, y);
        ctx.arc(x, y, 2.5, 0, 2 * Math.PI);
      }
    }
    ctx.lineCap = "round";
    for (const [colour, width] of [
      [look.palette.panel, status === "failed" ? 5 : 3],
      [look.status[kind]?.colour ?? "", status === "failed" ? 2.25 : 1],
    ] as const) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.stroke();
    }
    if (status === "running") {
      ctx.fillStyle = look.status[kind]?.colour ?? "";
      ctx.fill();
    }
    ctx.lineCap = "butt";
    ctx.globalAlpha = 1;
  }
}

/** Around the job that is looked at, the one that is open, and the one that the keyboard is at. */
export function paint_rings({ ctx, scene, look, view }: Brush) {
  const { layout, shape, reach, open, focus } = scene;
  for (const job of new Set([reach?.from, open, focus])) {
    if (job === undefined) continue;
    const { x, y } = place_of(layout, shape, job);
    const [wide, high] = [Math.max(9, cell.width * view.zoom), Math.max(9, cell.height * view.zoom)];
    const left = (x + cell.width / 2 - view.x) * view.zoom - wide / 2;
    const top = (y + cell.height / 2 - view.y) * view.zoom - high / 2;
    for (const [colour, width] of [
      [look.palette.panel, 5],
      [look.palette.focus, 2.5],
    ] as const) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.beginPath();
      ctx.roundRect(left - 2, top - 2, wide + 4, high + 4, 4);
      ctx.stroke();
    }
  }
}
