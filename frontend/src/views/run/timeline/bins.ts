/** How much ran at once, over a stretch of time cut into equal bins. Pure, linear in what is within. */
import type { Bars } from "./lanes.ts";

export interface Series {
  running: Float64Array;
  queued: Float64Array;
  /** Of what runs, as asked for; null: nothing of it is known. */
  cores: Float64Array | null;
  mem_mb: Float64Array | null;
  /** By benchmarks, of attempts that have one. */
  used_cores: Float64Array | null;
  used_mb: Float64Array | null;
}

/** Sums `amount` over from..to into bins that are `width` long from `start`; what fills a bin in part counts in part. */
class Sum {
  readonly #step: Float64Array;
  readonly #part: Float64Array;
  constructor(bins: number) {
    this.#step = new Float64Array(bins + 1);
    this.#part = new Float64Array(bins + 1);
  }

  /** In bins, from ≤ to. */
  add(from: number, to: number, amount: number) {
    const bins = this.#step.length - 1;
    const a = Math.min(Math.max(from, 0), bins);
    const b = Math.min(Math.max(to, 0), bins);
    if (b <= a) return;
    const first = Math.floor(a);
    const last = Math.floor(b);
    const [step, part] = [this.#step, this.#part];
    // As steps: whole from the bin of the beginning to before the bin of the end; then what these two have less or more.
    step[first] = (step[first] as number) + amount;
    step[last] = (step[last] as number) - amount;
    part[first] = (part[first] as number) - amount * (a - first);
    part[last] = (part[last] as number) + amount * (b - last);
  }

  whole(): Float64Array {
    const bins = this.#step.length - 1;
    const found = new Float64Array(bins);
    let level = 0;
    for (let i = 0; i < bins; i++) {
      level += this.#step[i] as number;
      found[i] = Math.max(0, level + (this.#part[i] as number));
    }
    return found;
  }
}

interface Weights {
  threads: Float64Array;
  mem_mb: Float64Array;
  max_rss_mb: Float64Array;
  mean_load: Float64Array;
}

const mib = 1.048576; // MB; benchmarks weigh in MiB

const knows = (column: Float64Array, size: number) => {
  for (let i = 0; i < size; i++) if ((column[i] as number) > 0) return true;
  return false;
};

/** Which of the figures are known at all. */
export const known_of = (spans: Weights & { size: number }) => ({
  cores: knows(spans.threads, spans.size),
  mem_mb: knows(spans.mem_mb, spans.size),
  used_cores: knows(spans.mean_load, spans.size),
  used_mb: knows(spans.max_rss_mb, spans.size),
});

/** Until when it is known what all that ran had asked for: what began since the whole was told may have asked for more. */
export function sure_until(spans: { size: number; told: number }, bars: Bars): number {
  let until = Number.POSITIVE_INFINITY;
  for (let i = spans.told; i < spans.size; i++) {
    const mid = bars.mid[i] as number;
    if (mid < until) until = mid;
  }
  return until;
}

/** `order[first..stop]`: the rows to look at. `until`: where what is not over ends. */
export function series_of(
  spans: Weights,
  bars: Bars,
  rows: { order: Uint32Array; first: number; stop: number },
  stretch: { from: number; to: number; bins: number; until: number },
  known: ReturnType<typeof known_of>,
): Series {
  const { from, to, bins, until } = stretch;
  const sums = Array.from({ length: 6 }, () => new Sum(bins));
  const [running, queued, cores, mem, used_cores, used] = sums as [Sum, Sum, Sum, Sum, Sum, Sum];
  const scale = bins / (to - from);
  for (let n = rows.first; n < rows.stop; n++) {
    const i = rows.order[n] as number;
    const begin = ((bars.from[i] as number) - from) * scale;
    const end = (Math.min(bars.to[i] as number, until) - from) * scale;
    if (end < 0) continue;
    const mid = bars.mid[i] as number;
    const start = Number.isNaN(mid) ? end : (mid - from) * scale;
    if (start > begin) queued.add(begin, start, 1);
    if (end <= start) continue;
    running.add(start, end, 1);
    if (known.cores) cores.add(start, end, spans.threads[i] || 0);
    if (known.mem_mb) mem.add(start, end, spans.mem_mb[i] || 0);
    if (known.used_cores) used_cores.add(start, end, (spans.mean_load[i] || 0) / 100);
    if (known.used_mb) used.add(start, end, (spans.max_rss_mb[i] || 0) * mib);
  }
  return {
    running: running.whole(),
    queued: queued.whole(),
    cores: known.cores ? cores.whole() : null,
    mem_mb: known.mem_mb ? mem.whole() : null,
    used_cores: known.used_cores ? used_cores.whole() : null,
    used_mb: known.used_mb ? used.whole() : null,
  };
}
