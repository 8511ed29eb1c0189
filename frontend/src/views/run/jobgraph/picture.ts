/** The whole graph as a PNG of its own, in light colours. */
import type { Look } from "./look.ts";
import { paint } from "./paint.ts";
import { type Scene, Specks, standing } from "./scene.ts";

const most_side = 6000; // px: what browsers and those who look at it still take well
const most_zoom = 1.5;
const margin = 24;
const title_height = 32;

export async function picture(title: string, scene: Scene, look: Look): Promise<Blob> {
  const { width, height } = scene.layout;
  const zoom = Math.min(most_zoom, most_side / Math.max(1, width), most_side / Math.max(1, height));
  const size = {
    width: Math.max(320, Math.ceil(width * zoom)) + 2 * margin,
    height: Math.ceil(height * zoom) + 2 * margin + title_height,
  };
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const ctx = canvas.getContext("2d", { alpha: false });
  if (!ctx) throw new Error("The browser gives no canvas of that size.");
  const whole: Scene = { ...scene, reach: null, lit: new Set(), focus: undefined, open: undefined };
  const specks = new Specks(scene.layout);
  specks.paint(scene.layout, scene.states, scene.dim, look.specks);
  const view = { x: -margin / zoom, y: -(margin + title_height) / zoom, zoom };
  paint(ctx, whole, specks, look, view, size, scene.dim, standing(scene.dim));
  ctx.fillStyle = look.palette.text;
  ctx.textAlign = "left";
  ctx.font = `600 14px ${look.font}`;
  ctx.fillText(title, margin, margin + 4);
  return await new Promise((done, fail) =>
    canvas.toBlob((made) => (made ? done(made) : fail(new Error("The picture is too large."))), "image/png"),
  );
}
