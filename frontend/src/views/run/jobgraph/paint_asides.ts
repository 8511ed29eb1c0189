/** Names of blocks that are too small to bear them: beside them, where nothing else stands. */
import { aside, line, type Place } from "./asides.ts";
import { type Brush, blocks } from "./brush.ts";

const most_blocks = 150; // more are no picture in which names are looked for

/** `without`: rules whose blocks have no name of their own. */
export function paint_asides(brush: Brush, without: number[]) {
  if (without.length === 0) return;
  const { ctx, look, scene, dim } = brush;
  const taken: Place[] = [];
  const own = new Map<number, Place>();
  for (const [rule, left, top, wide, high] of blocks(brush)) {
    // A bar stands above blocks that are written on upwards.
    const place = { left, top: top - 6, right: left + wide, bottom: top + high };
    own.set(rule, place);
    taken.push(place);
  }
  if (taken.length > most_blocks) return;
  ctx.font = `10.5px ${look.font}`;
  ctx.textAlign = "left";
  const measure = (text: string) => ctx.measureText(text).width;
  for (const rule of without) {
    const block = own.get(rule);
    const told = block && aside(scene.shape.rules[rule] ?? "", block, taken, brush.size, measure);
    if (!told) continue;
    const { parts, x, y, wide } = told;
    const high = line * parts.length;
    taken.push({ left: x, top: y, right: x + wide, bottom: y + high });
    ctx.globalAlpha = 0.85; // links pass there
    ctx.fillStyle = look.palette.panel;
    ctx.fillRect(x - 1, y, wide + 2, high);
    ctx.globalAlpha = dim ? 0.75 : 1;
    ctx.fillStyle = look.palette.text;
    parts.forEach((part, i) => {
      ctx.fillText(part, x, y + line * (i + 0.5));
    });
    ctx.globalAlpha = 1;
  }
}
