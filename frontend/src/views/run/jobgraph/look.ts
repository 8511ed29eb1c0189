/** The colours that the drawing is made of, and the shapes of statuses as a canvas draws them. */
import type { Shade } from "../../../theme/mode.ts";
import { dark, light, type Palette } from "../../../theme/palette.ts";
import { type JobStatus, job_statuses, statuses } from "../../../theme/status.ts";

/** How much of its colour a job has when it is a mere speck: what is done or to come steps back, what failed does not. */
const strength: Record<JobStatus, number> = {
  failed: 1,
  aborted: 0.85,
  running: 1,
  queued: 0.75,
  succeeded: 0.42,
  skipped: 0.4,
  planned: 0.24,
};
/** Of what is not meant. */
const dimmed = 0.16;

export type Rgb = [number, number, number];
export const rgb = (hex: string): Rgb => {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
};
const mix = (colour: Rgb, ground: Rgb, share: number): Rgb => [
  Math.round(colour[0] * share + ground[0] * (1 - share)),
  Math.round(colour[1] * share + ground[1] * (1 - share)),
  Math.round(colour[2] * share + ground[2] * (1 - share)),
];
const css = ([r, g, b]: Rgb) => `rgb(${r} ${g} ${b})`;
// As ImageData holds it, on the machines that browsers run on.
const packed = ([r, g, b]: Rgb) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

export interface StatusLook {
  colour: string;
  /** Of a cell that can be read. */
  fill: string;
  edge: string;
}

export interface Look {
  palette: Palette;
  font: string;
  /** By the status's place in `job_statuses`. */
  status: StatusLook[];
  /** Colours of specks; those that are dimmed come after all others. */
  specks: Uint32Array;
}

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';

function look_in(shade: Shade): Look {
  const palette = shade === "dark" ? dark : light;
  const ground = rgb(palette.panel);
  const colours = job_statuses.map((status) => rgb(statuses[status][shade]));
  const tints = colours.map((colour, i) => mix(colour, ground, strength[job_statuses[i] ?? "planned"]));
  return {
    palette,
    font,
    status: colours.map((colour, i) => {
      const loud = job_statuses[i] === "failed" || job_statuses[i] === "running";
      return {
        colour: css(colour),
        fill: css(mix(colour, ground, loud ? 0.18 : 0.07)),
        edge: css(mix(colour, ground, loud ? 1 : 0.5)),
      };
    }),
    specks: Uint32Array.from(
      [...tints, ...tints.map((tint) => mix(tint, ground, dimmed + 0.12))].map(packed),
    ),
  };
}

const made = new Map<Shade, Look>();
export function look_of_shade(shade: Shade): Look {
  const look = made.get(shade) ?? look_in(shade);
  made.set(shade, look);
  return look;
}

const paths = new Map<string, { main: Path2D; faint: Path2D | null; dash: number[]; whole: boolean }>();

/** The icon of a status on a grid of 16, in the stroke that is set. */
export function draw_glyph(
  ctx: CanvasRenderingContext2D,
  status: JobStatus,
  x: number,
  y: number,
  size: number,
) {
  let held = paths.get(status);
  if (!held) {
    const { path, faint, dash } = statuses[status].glyph;
    held = {
      main: new Path2D(path),
      faint: faint ? new Path2D(faint) : null,
      dash: dash ? dash.split(" ").map(Number) : [],
      whole: faint !== undefined,
    };
    paths.set(status, held);
  }
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(size / 16, size / 16);
  ctx.lineWidth = 1.9;
  ctx.lineCap = "round";
  if (held.faint) {
    ctx.globalAlpha *= 0.3;
    ctx.stroke(held.faint);
    ctx.globalAlpha /= 0.3;
  }
  if (!held.whole && held.dash.length > 0) ctx.setLineDash(held.dash);
  ctx.stroke(held.main);
  ctx.restore();
}
