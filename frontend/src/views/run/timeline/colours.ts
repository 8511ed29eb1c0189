import type { Shade } from "../../../theme/mode.ts";
import { dark, light } from "../../../theme/palette.ts";
import { job_statuses, statuses } from "../../../theme/status.ts";

/** As a canvas's pixels hold it, on machines that keep the lowest byte first (all that run a browser). */
export type Pixel = number;

type Rgb = [red: number, green: number, blue: number];

const rgb_of = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
const pixel = ([red, green, blue]: Rgb): Pixel => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
const mixed = (a: Rgb, b: Rgb, share: number): Rgb =>
  a.map((one, i) => Math.round(one + ((b[i] ?? 0) - one) * share)) as Rgb;

export interface Colours {
  panel: Pixel;
  /** Between lanes. */
  line: Pixel;
  /** Each by the status's place in `job_statuses`: the bar, the two tones of its hatched part, and the same when dimmed. */
  bar: Uint32Array;
  hatch: Uint32Array;
  ground: Uint32Array;
  dim: Uint32Array;
  css: { panel: string; line: string; text: string; soft: string; faint: string; accent: string };
  status: Record<string, string>;
}

const made = new Map<Shade, Colours>();

export function colours_of(shade: Shade): Colours {
  const held = made.get(shade);
  if (held) return held;
  const palette = shade === "dark" ? dark : light;
  const panel = rgb_of(palette.panel);
  const all = job_statuses.map((status) => rgb_of(statuses[status][shade]));
  const tones = (share: number) => Uint32Array.from(all, (one) => pixel(mixed(panel, one, share)));
  const { line, text, text_soft, text_faint, accent } = palette;
  const colours: Colours = {
    panel: pixel(panel),
    line: pixel(rgb_of(line)),
    bar: tones(1),
    hatch: tones(0.62),
    ground: tones(0.2),
    dim: tones(0.16),
    css: { panel: palette.panel, line, text, soft: text_soft, faint: text_faint, accent },
    status: Object.fromEntries(job_statuses.map((status) => [status, statuses[status][shade]])),
  };
  made.set(shade, colours);
  return colours;
}
