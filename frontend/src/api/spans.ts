import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { job_statuses } from "../theme/status.ts";
import { get, path } from "./client.ts";
import { choice_of, type JobChoice } from "./queries.ts";
import type { Job, JobValues, Matches, Page, SpansAnswer } from "./types.ts";

/**
 * Every attempt of a run, in columns for canvases: entry i of each tells of one attempt. The first `size` entries count.
 *
 * The arrays are changed in place by what the stream tells, with a new object around them and a higher `version`: who
 * computed something from them compares that. Rows stay where they are until all is asked for again (`anew` differs).
 * Moments are ms since `base`, by the run's own clock (`run_now`); NaN: not known, or not yet.
 */
export interface Spans {
  base: number;
  rules: string[];
  size: number;
  version: number;
  /** Another one: rows were asked for again and may stand elsewhere. */
  anew: number;
  number: Int32Array;
  attempt: Uint16Array;
  /** An index into `rules`. */
  rule: Uint32Array;
  /** An index into `job_statuses`. */
  status: Uint8Array;
  queued: Float64Array;
  started: Float64Array;
  ended: Float64Array;
  /** How long it waited and ran where an executor or a benchmark told; ms. */
  queue: Float64Array;
  run: Float64Array;
  threads: Float64Array;
  mem_mb: Float64Array;
  max_rss_mb: Float64Array;
  /** Percent of one core. */
  mean_load: Float64Array;
  /** Of each job the row of its last attempt; jobs that were never tried have none. */
  last: Map<number, number>;
  /** Jobs whose last attempt failed and that wait for another. */
  again: Set<number>;
  /** So many rows were told with the whole; of those behind them what they asked for is not known yet. */
  told: number;
}

const figures = ["queue", "run", "threads", "mem_mb", "max_rss_mb", "mean_load"] as const;
const columns = ["queued", "started", "ended", ...figures] as const;

export const status_at = (name: string): number => job_statuses.indexOf(name as never);

/** The moment of the run's own clock that is now, as the columns have it. `clock_offset`: of the run, in seconds. */
export const run_now = (spans: Spans, now_ms: number, clock_offset: number): number =>
  now_ms - clock_offset * 1000 - spans.base;

let serial = 0;

export function spans_of(answer: SpansAnswer): Spans {
  const size = answer.number.length;
  const known = answer.statuses.map(status_at);
  const reals = (given: (number | null)[]) =>
    Float64Array.from({ length: size }, (_, i) => given[i] ?? Number.NaN);
  return {
    base: Date.parse(answer.base),
    rules: answer.rules,
    size,
    version: ++serial,
    anew: serial,
    number: Int32Array.from(answer.number),
    attempt: Uint16Array.from(answer.attempt),
    rule: Uint32Array.from(answer.rule),
    status: Uint8Array.from(answer.status, (one) => known[one] ?? 0),
    queued: reals(answer.queued),
    started: reals(answer.started),
    ended: reals(answer.ended),
    queue: reals(answer.queue),
    run: reals(answer.run),
    threads: reals(answer.threads),
    mem_mb: reals(answer.mem_mb),
    max_rss_mb: reals(answer.max_rss_mb),
    mean_load: reals(answer.mean_load),
    last: new Map(answer.number.map((number, i) => [number, i])), // by attempt, so that the last one stays
    again: new Set(answer.again),
    told: size,
  };
}

function grown<A extends Int32Array | Uint16Array | Uint32Array | Uint8Array | Float64Array>(held: A): A {
  const more = new (held.constructor as new (size: number) => A)(Math.max(64, held.length * 2));
  more.set(held);
  return more;
}

function grow(spans: Spans): void {
  spans.number = grown(spans.number);
  spans.attempt = grown(spans.attempt);
  spans.rule = grown(spans.rule);
  spans.status = grown(spans.status);
  for (const name of columns) spans[name] = grown(spans[name]);
}

const failed = status_at("failed");

/** `spans` with what the stream tells of jobs. `thin`: something was told in passing, and all should be asked for again. */
export function with_jobs(held: Spans, jobs: Job[]): { spans: Spans; thin: boolean } {
  const spans = { ...held, version: ++serial };
  let thin = false;
  const moment = (iso: string | null) => (iso === null ? Number.NaN : Date.parse(iso) - spans.base);
  for (const job of jobs) {
    if (job.attempt === 0) continue; // never tried
    let row = spans.last.get(job.number);
    const before = row === undefined ? 0 : (spans.attempt[row] ?? 0);
    if (job.attempt < before) continue;
    if (row === undefined || job.attempt > before) {
      if (row !== undefined && Number.isNaN(spans.ended[row] ?? 0)) {
        // Its end came and went between two messages.
        spans.status[row] = failed;
        spans.ended[row] = moment(job.queued_at);
      }
      thin = true; // what it asked for is told with the whole only
      row = spans.size++;
      if (row >= spans.number.length) grow(spans);
      spans.number[row] = job.number;
      spans.attempt[row] = job.attempt;
      for (const name of figures) spans[name][row] = Number.NaN;
      spans.last.set(job.number, row);
    }
    let rule = spans.rules.indexOf(job.rule);
    if (rule < 0) {
      rule = spans.rules.length;
      spans.rules = [...spans.rules, job.rule];
    }
    spans.rule[row] = rule;
    if (job.status === "planned") spans.again.add(job.number);
    else spans.again.delete(job.number);
    // A job that waits for its next try failed in this one.
    spans.status[row] = job.status === "planned" ? failed : Math.max(0, status_at(job.status));
    spans.queued[row] = moment(job.queued_at);
    spans.started[row] = moment(job.started_at);
    spans.ended[row] = moment(job.ended_at);
    spans.queue[row] = job.queue_seconds === null ? Number.NaN : job.queue_seconds * 1000;
    spans.run[row] = job.run_seconds === null ? Number.NaN : job.run_seconds * 1000;
    spans.threads[row] = job.threads ?? Number.NaN;
  }
  return { spans, thin };
}

/** Not under the run: what the stream tells of that waits for no answer of these. */
export const spans_key = (id: string) => ["spans", id] as const;
export const matches_key = (id: string) => ["matches", id] as const;
export const values_key = (id: string) => ["values", id] as const;

/** What was told of jobs while all of them are asked for: the answer may be older. */
const meanwhile = new Map<string, Job[]>();

const route = (id: string, rest: string) => `runs/${encodeURIComponent(id)}/${rest}`;

export const spans_query = (id: string) =>
  queryOptions({
    queryKey: spans_key(id),
    queryFn: async ({ signal }) => {
      meanwhile.set(id, []);
      try {
        const spans = spans_of(await get<SpansAnswer>(path(route(id, "spans")), signal));
        return with_jobs(spans, meanwhile.get(id) ?? []).spans;
      } finally {
        meanwhile.delete(id);
      }
    },
    structuralSharing: false,
    gcTime: 60_000,
  });

/** Writes what the stream told of jobs into the columns that are held; whether all should be asked for again soon. */
export function tell_spans(cache: QueryClient, id: string, jobs: Job[]): boolean {
  meanwhile.get(id)?.push(...jobs);
  const held = cache.getQueryData<Spans>(spans_key(id));
  if (!held || jobs.length === 0) return false;
  const { spans, thin } = with_jobs(held, jobs);
  cache.setQueryData(spans_key(id), spans);
  return thin;
}

/** The jobs that a selection leaves: `ranges` are pairs of numbers (first, last), ascending. */
export const matches_query = (id: string, filter: JobChoice) =>
  queryOptions({
    queryKey: [...matches_key(id), choice_of(filter)],
    queryFn: async ({ signal }) => {
      const found = await get<Matches>(path(route(id, "matches"), { ...choice_of(filter) }), signal);
      return { count: found.count, ranges: Int32Array.from(found.ranges) };
    },
    structuralSharing: false,
    gcTime: 60_000,
  });

/** Whether a job is within the ranges of `matches_query`. */
export function is_within(ranges: Int32Array, number: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[2 * middle + 1] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && (ranges[2 * low] ?? 0) <= number;
}

/** The values of one wildcard, and of each job that has it an index into them. */
export const values_query = (id: string, wildcard: string) =>
  queryOptions({
    queryKey: [...values_key(id), wildcard],
    queryFn: async ({ signal }) => {
      const told = await get<JobValues>(
        path(route(id, `wildcards/${encodeURIComponent(wildcard)}/jobs`)),
        signal,
      );
      return {
        values: told.values,
        of: new Map(told.number.map((number, i) => [number, told.value[i] ?? 0])),
      };
    },
    structuralSharing: false,
    gcTime: 60_000,
  });

/** How long each of these jobs took so far, all its attempts together, from being handed out to their ends; ms. */
export function took(spans: Spans, numbers: ArrayLike<number>, now: number): Float64Array {
  const sums = new Map<number, number>();
  for (let i = 0; i < spans.size; i++) {
    const from = begin_of(spans, i);
    const length = end_of(spans, i, now) - from;
    if (length > 0) {
      const number = spans.number[i] ?? 0;
      sums.set(number, (sums.get(number) ?? 0) + length);
    }
  }
  return Float64Array.from(numbers, (number) => sums.get(number) ?? 0);
}

/** When an attempt was handed out, or else began; NaN where neither is known. */
export const begin_of = ({ queued, started }: Spans, i: number): number => {
  const at = queued[i] ?? Number.NaN;
  return Number.isNaN(at) ? (started[i] ?? at) : at;
};

const moving = new Set([status_at("queued"), status_at("running")]);

/** When an attempt ended: `now` while it has not, NaN where that is not known. */
export const end_of = ({ status, ended }: Spans, i: number, now: number): number => {
  const at = ended[i] ?? Number.NaN;
  return Number.isNaN(at) && moving.has(status[i] ?? 0) ? now : at;
};

/** One job as its table has it, by number: what a drawing says of the one that is pointed at. */
export const job_row_query = (id: string, number: number) =>
  queryOptions({
    queryKey: ["row", id, number],
    queryFn: async ({ signal }) => {
      const found = await get<Page<Job>>(path(route(id, "jobs"), { id: String(number), limit: 5 }), signal);
      return found.items.find((job) => job.number === number) ?? null;
    },
  });
