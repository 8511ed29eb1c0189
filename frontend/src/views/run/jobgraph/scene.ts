/** What is drawn: where jobs stand, how they stand now, and which are meant. */
import { job_statuses } from "../../../theme/status.ts";
import type { Layout } from "./layout.ts";
import { links_on, type Reach } from "./reach.ts";
import type { Shape } from "./shape.ts";

const kinds = job_statuses.length;

export interface Scene {
  shape: Shape;
  layout: Layout;
  /** By position, a place in `job_statuses`. */
  states: Uint8Array;
  /** By rule, so many of each status. */
  counts: Int32Array;
  /** By position, 1 where a job is not meant; null: all are. */
  dim: Uint8Array | null;
  reach: Reach | null;
  /** Links that lie on the reach. */
  lit: ReadonlySet<number>;
  /** Positions of the longest chain, the first first. */
  chain: ArrayLike<number>;
  /** The job that the keyboard is at, and the one that is open. */
  focus: number | undefined;
  open: number | undefined;
  /** By position, what a cell says. */
  label: (job: number) => string;
}

export function counted({ rules, rule }: Shape, states: Uint8Array): Int32Array {
  const counts = new Int32Array(rules.length * kinds);
  for (let job = 0; job < rule.length; job++) {
    const at = (rule[job] as number) * kinds + (states[job] as number);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

export const counts_of = (counts: Int32Array, rule: number): Int32Array =>
  counts.subarray(rule * kinds, (rule + 1) * kinds);

/** Positions of what does not step back. */
export function standing(dim: Uint8Array | null): Int32Array | null {
  if (!dim) return null;
  const found: number[] = [];
  for (let job = 0; job < dim.length; job++) if (dim[job] === 0) found.push(job);
  return Int32Array.from(found);
}

/** What steps back: all that is not on the ways through the job that is looked at, else what the selection leaves out. */
export function stepped_back(scene: Scene): Uint8Array | null {
  if (!scene.reach) return scene.dim;
  const { side } = scene.reach;
  const dim = new Uint8Array(side.length);
  for (let job = 0; job < side.length; job++) dim[job] = side[job] === 0 ? 1 : 0;
  return dim;
}

export const lit_links = (shape: Shape, layout: Layout, reach: Reach | null): ReadonlySet<number> =>
  reach ? links_on(shape, layout, reach) : new Set();

/**
 * The jobs of each rule as a picture with one pixel for each, which costs the same however many are seen; and a smaller
 * one, where many rows fall upon one pixel of the screen.
 */
export class Specks {
  readonly full: (HTMLCanvasElement | null)[];
  readonly small: (HTMLCanvasElement | null)[];
  /** Rows of the full picture for each row of the small one. */
  readonly fewer = 4;

  constructor({ rows, start }: Layout) {
    const made = (rule: number, by: number) => {
      const n = (start[rule + 1] as number) - (start[rule] as number);
      if (n === 0) return null;
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(n / (rows[rule] as number));
      canvas.height = Math.ceil((rows[rule] as number) / by);
      return canvas;
    };
    this.full = Array.from(rows, (_, rule) => made(rule, 1));
    this.small = Array.from(rows, (_, rule) => made(rule, this.fewer));
  }

  paint({ order, start, rows }: Layout, states: Uint8Array, dim: Uint8Array | null, colours: Uint32Array) {
    this.full.forEach((canvas, rule) => {
      const ctx = canvas?.getContext("2d");
      if (!canvas || !ctx) return;
      const [first, end, high] = [start[rule] as number, start[rule + 1] as number, rows[rule] as number];
      const image = ctx.createImageData(canvas.width, canvas.height);
      const pixels = new Uint32Array(image.data.buffer);
      for (let i = first, row = 0, column = 0; i < end; i++) {
        const job = order[i] as number;
        const kind = (states[job] as number) + (dim && dim[job] === 1 ? kinds : 0);
        pixels[row * canvas.width + column] = colours[kind] as number;
        if (++row === high) {
          row = 0;
          column++;
        }
      }
      ctx.putImageData(image, 0, 0);
      const small = this.small[rule];
      const over = small?.getContext("2d");
      if (!small || !over) return;
      over.clearRect(0, 0, small.width, small.height);
      over.imageSmoothingQuality = "medium";
      over.drawImage(canvas, 0, 0, canvas.width, canvas.height, 0, 0, small.width, high / this.fewer);
    });
  }
}
