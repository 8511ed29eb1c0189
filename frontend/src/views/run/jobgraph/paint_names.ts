/** Of each rule its name, how many jobs it has, and a bar of how they stand: above its jobs, or upon them from afar. */
import { job_statuses } from "../../../theme/status.ts";
import { count } from "../../../ui/format.ts";
import { type Brush, blocks } from "./brush.ts";
import { cell, head, place_of } from "./layout.ts";
import { broken, clear_of, fitted } from "./names.ts";
import { paint_asides } from "./paint_asides.ts";
import { counts_of } from "./scene.ts";

const line = 15;
const bar_height = 4;
/** From this height of a cell on, in pixels, gaps between cells can be seen. */
export const seen_gap = 3;
const apart = 8; // px from a name to what stands beside it
const least_width = 44; // px that a name is told in
const marked = (["failed", "running"] as const).map((status) => job_statuses.indexOf(status));
const succeeded = job_statuses.indexOf("succeeded");
const planned = job_statuses.indexOf("planned");

export function paint_names(brush: Brush, close: boolean) {
  const { ctx, look } = brush;
  ctx.textBaseline = "middle";
  const without: number[] = [];
  for (const [rule, left, top, wide, high] of blocks(brush)) {
    if (!close) frame(brush, rule, left, top, wide, high);
    if (wide >= least_width && high >= 10) across(brush, rule, left, top, wide, high);
    else if (high >= 60 && upright(brush, rule, left, top, wide, high)) continue;
    else without.push(rule);
  }
  paint_asides(brush, without);
  ctx.textAlign = "left";
  ctx.fillStyle = look.palette.text;
}

/** A line around the jobs of a rule, so that the block is one thing also where nothing has begun. */
function frame(brush: Brush, rule: number, left: number, top: number, wide: number, high: number) {
  const { ctx, look, scene, view, dim } = brush;
  const own = cell.height * view.zoom >= seen_gap ? head * view.zoom : 0;
  const lit = scene.reach !== null && scene.shape.rule[scene.reach.from] === rule;
  ctx.strokeStyle = lit ? look.palette.accent : look.palette.line_strong;
  ctx.globalAlpha = dim && !lit ? 0.6 : 1;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 0.5, top + own - 0.5, wide + 1, high - own + 1);
  ctx.globalAlpha = 1;
}

function across(brush: Brush, rule: number, left: number, top: number, wide: number, high: number) {
  const { ctx, look, scene, view, size } = brush;
  const counts = counts_of(scene.counts, rule);
  const total = counts.reduce((a, b) => a + b, 0);
  const room_above = (head + scene.layout.gap) * view.zoom;
  const whole = 2 * line + bar_height;
  // Upon the jobs only from afar: what failed or is chosen may be the first of them.
  const two = room_above >= whole || (cell.height * view.zoom < seen_gap && high >= whole + 4);
  const own = two ? whole : line + bar_height;
  const above = room_above >= own;
  const usual = above ? top + head * view.zoom - own - 2 : top;
  // A name stays in sight as long as jobs of its rule are.
  const y = Math.max(usual, Math.min(0, top + high - own));
  const x = Math.max(left, Math.min(0, left + wide - Math.min(wide, 160)));
  const room = Math.min(left + wide, size.width) - x;
  if (!above || y > usual) {
    ctx.globalAlpha = 0.9;
    ctx.fillStyle = look.palette.panel;
    ctx.fillRect(x, y, Math.min(room, 340), own + 1);
    ctx.globalAlpha = 1;
  }
  const inset = above ? 0 : 4;
  const reach = above ? free_beside(brush, rule, x, y, line) : room - 2 * inset;
  ctx.textAlign = "left";
  ctx.font = `600 12px ${look.font}`;
  ctx.fillStyle = look.palette.text;
  const measure = (text: string) => ctx.measureText(text).width;
  const whole_name = scene.shape.rules[rule] ?? "";
  const name = fitted(whole_name, reach, measure);
  // In two lines rather than cut: how many are done is told by the bar too.
  const parts =
    two && name !== whole_name
      ? broken(whole_name, above ? free_beside(brush, rule, x, y, own) : reach, measure)
      : null;
  const long = parts ? Math.max(...parts.map(measure)) : measure(name);
  if (above && long > room) {
    ctx.globalAlpha = 0.8; // links pass there
    ctx.fillStyle = look.palette.panel;
    ctx.fillRect(x + room, y, long - room + 2, line);
    ctx.globalAlpha = 1;
    ctx.fillStyle = look.palette.text;
  }
  ctx.fillText(parts ? parts[0] : name, x + inset, y + line / 2 + 1);
  if (parts) ctx.fillText(parts[1], x + inset, y + line * 1.5);
  else if (two) {
    ctx.font = `11.5px ${look.font}`;
    ctx.fillStyle = look.palette.text_soft;
    const done = `${count(counts[succeeded] ?? 0)}/${count(total)}`;
    const failed = counts[0] ? ` · ${count(counts[0])} failed` : "";
    ctx.fillText(fitted(done + failed, reach, measure), x + inset, y + line * 1.5);
  }
  bar(
    brush,
    counts,
    total,
    x + inset,
    y + own - bar_height,
    Math.max(8, Math.min(room, above ? 160 : 340) - 2 * inset),
  );
}

/** How long a name at this place may be before it touches another block, or the name above that. */
function free_beside(brush: Brush, rule: number, x: number, y: number, high: number): number {
  const label = head * brush.view.zoom - (2 * line + bar_height) - 2;
  let free = brush.size.width - x - apart / 2;
  for (const [other, left, top, , tall] of blocks(brush)) {
    if (other === rule || left <= x || top + Math.min(0, label) > y + high || top + tall < y) continue;
    free = Math.min(free, left - x - apart);
  }
  return free;
}

/** A bar as everywhere: what went wrong first, what is to come is the empty track. */
function bar({ ctx, look }: Brush, counts: Int32Array, total: number, x: number, y: number, wide: number) {
  ctx.fillStyle = look.palette.line;
  ctx.fillRect(x, y, wide, bar_height - 1);
  let at = x;
  job_statuses.forEach((status, kind) => {
    const n = counts[kind] ?? 0;
    if (n === 0 || kind === planned) return;
    const least = status === "failed" || status === "aborted" ? 3 : 1;
    const long = Math.min(Math.max(least, (n / Math.max(1, total)) * wide), x + wide - at);
    ctx.fillStyle = look.status[kind]?.colour ?? "";
    ctx.fillRect(at, y, long, bar_height - 1);
    at += long;
  });
}

/** Where a block is too narrow for its name, it is written upwards; false where there is no room for letters at all. */
function upright(brush: Brush, rule: number, left: number, top: number, wide: number, high: number): boolean {
  const { ctx, look, scene, size } = brush;
  const counts = counts_of(scene.counts, rule);
  const total = counts.reduce((a, b) => a + b, 0);
  bar(brush, counts, total, left, top - bar_height - 1, wide);
  if (wide < 8) return false;
  const [from, to] = [Math.max(0, top), Math.min(size.height, top + high)];
  const room = to - from - 8;
  const thick = Math.min(wide - 1, 16);
  const write_in = (px: number) => {
    ctx.font = `${Math.max(9, Math.min(12, thick - 1, px))}px ${look.font}`;
  };
  const measure = (text: string) => ctx.measureText(text).width;
  const name = scene.shape.rules[rule] ?? "";
  write_in(12);
  const whole = `${name}  ${count(counts[succeeded] ?? 0)}/${count(total)}`;
  const marks = marks_of(brush, rule);
  const with_counts = thick >= 14 && marks.length === 0 && measure(whole) <= room;
  // Smaller rather than cut.
  write_in((12 * room) / measure(name));
  const text = with_counts ? whole : fitted(name, room, measure);
  const long = measure(text) + 8;
  // No mark stands upon the name as long as there is another place for it.
  const middle = clear_of(marks, { from: from + 4, to: to - 4 }, long);
  ctx.save();
  ctx.translate(left + wide / 2, middle);
  ctx.rotate(-Math.PI / 2);
  ctx.textAlign = "center";
  ctx.globalAlpha = 0.86;
  ctx.fillStyle = look.palette.panel;
  ctx.fillRect(-long / 2, -thick / 2, long, thick);
  ctx.globalAlpha = 1;
  ctx.fillStyle = look.palette.text;
  ctx.fillText(text, 0, 0.5);
  ctx.restore();
  return true;
}

/** Heights on the screen at which jobs of a rule are marked: what failed, and what runs. */
function marks_of({ scene, view }: Brush, rule: number): number[] {
  const { layout, shape, states } = scene;
  const counts = counts_of(scene.counts, rule);
  const found: number[] = [];
  if (marked.every((kind) => counts[kind] === 0)) return found;
  for (let i = layout.start[rule] as number; i < (layout.start[rule + 1] as number); i++) {
    const job = layout.order[i] as number;
    if (!marked.includes(states[job] as number)) continue;
    found.push((place_of(layout, shape, job).y + cell.height / 2 - view.y) * view.zoom);
  }
  return found;
}
