import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { a_job } from "../test/factories.ts";
import {
  begin_of,
  end_of,
  is_within,
  run_now,
  type Spans,
  spans_key,
  spans_of,
  spans_query,
  status_at,
  tell_spans,
  took,
  with_jobs,
} from "./spans.ts";
import type { SpansAnswer } from "./types.ts";

const base = "2026-01-01T00:00:00Z";
const at = (seconds: number) => new Date(Date.parse(base) + seconds * 1000).toISOString();

/** Job 1 failed and ran again, job 2 runs. */
const answer: SpansAnswer = {
  base,
  rules: ["map", "call"],
  statuses: ["running", "succeeded", "failed"],
  number: [1, 1, 2],
  attempt: [1, 2, 1],
  rule: [0, 0, 1],
  status: [2, 1, 0],
  queued: [0, 2000, 3000],
  started: [0, 2000, null],
  ended: [1000, 5000, null],
  queue: [],
  run: [],
  threads: [1, 1, 4],
  mem_mb: [500, 500, null],
  max_rss_mb: [],
  mean_load: [],
  again: [],
};
const held = () => spans_of(answer);
const job = (number: number, part: Parameters<typeof a_job>[0] = {}) =>
  a_job({ number, rule: "call", attempt: 1, queued_at: at(3), started_at: at(4), ended_at: null, ...part });
const statuses = (spans: Spans) => [...spans.status.subarray(0, spans.size)];

describe("spans", () => {
  it("are the answer in columns", () => {
    const spans = held();
    expect([spans.size, spans.base]).toEqual([3, Date.parse(base)]);
    expect(statuses(spans)).toEqual(["failed", "succeeded", "running"].map(status_at));
    expect([...spans.mem_mb]).toEqual([500, 500, Number.NaN]);
    expect(spans.run.every(Number.isNaN)).toBe(true);
    expect(spans.last).toEqual(new Map([[1, 1], [2, 2]])); // biome-ignore format: pairs
  });

  it("know how long jobs took so far, all attempts together, and that what has no end goes on", () => {
    const spans = held();
    const now = run_now(spans, Date.parse(at(20)), 10);
    expect(now).toBe(10_000);
    expect([...took(spans, [2, 1, 7], now)]).toEqual([7000, 4000, 0]);
    expect([begin_of(spans, 2), end_of(spans, 2, now)]).toEqual([3000, now]);
  });

  it("change where they stand, in a new object", () => {
    const before = held();
    const { spans, thin } = with_jobs(before, [
      job(2, { status: "succeeded", ended_at: at(9), run_seconds: 4 }),
    ]);
    expect(thin).toBe(false);
    expect(spans).not.toBe(before);
    expect(spans.version).toBeGreaterThan(before.version);
    expect(spans.anew).toBe(before.anew);
    expect([spans.size, spans.started[2], spans.ended[2], spans.run[2]]).toEqual([3, 4000, 9000, 4000]);
  });

  it("grow by attempts and jobs; what was told in passing is asked for again", () => {
    const more = Array.from({ length: 200 }, (_, i) => job(10 + i, { rule: "new" }));
    const { spans, thin } = with_jobs(held(), [
      job(2, { attempt: 2, queued_at: at(8), started_at: at(8) }),
      ...more,
    ]);
    expect(thin).toBe(true);
    expect(spans.size).toBe(204);
    expect(spans.rules).toEqual(["map", "call", "new"]);
    expect([spans.status[2], spans.ended[2]]).toEqual([status_at("failed"), 8000]);
    expect(spans.last.get(2)).toBe(3);
    expect([spans.number[203], spans.mem_mb[203], spans.rule[203]]).toEqual([209, Number.NaN, 2]);
  });

  it("take nothing of an older attempt, and none of what was never tried", () => {
    const { spans } = with_jobs(held(), [
      job(1, { status: "running" }),
      job(9, { attempt: 0, status: "planned" }),
    ]);
    expect(spans.size).toBe(3);
    expect(spans.status[1]).toBe(status_at("succeeded"));
    const waiting = with_jobs(held(), [job(2, { status: "planned", ended_at: at(6) })]).spans;
    expect(waiting.status[2]).toBe(status_at("failed"));
    expect(waiting.again).toEqual(new Set([2]));
    const anew = job(2, { attempt: 2, status: "queued", started_at: null });
    expect(with_jobs(waiting, [anew]).spans.again).toEqual(new Set());
  });
});

describe("what is told while they are asked for", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is written into an answer that may be older", async () => {
    let arrive: (answer: Response) => void = () => {};
    vi.stubGlobal("fetch", () => new Promise<Response>((done) => {
      arrive = done;
    })); // biome-ignore format: short
    const cache = new QueryClient();
    const asked = cache.fetchQuery(spans_query("r"));
    await vi.waitFor(() => expect(cache.isFetching()).toBe(1));
    tell_spans(cache, "r", [job(2, { status: "succeeded", ended_at: at(9) })]);
    arrive(new Response(JSON.stringify(answer)));
    expect((await asked).ended[2]).toBe(9000);
    expect(cache.getQueryData<Spans>(spans_key("r"))?.status[2]).toBe(status_at("succeeded"));
  });
});

it("finds a number within ranges", () => {
  const ranges = Int32Array.from([2, 4, 7, 7, 9, 12]);
  const found = Array.from({ length: 15 }, (_, n) => n).filter((n) => is_within(ranges, n));
  expect(found).toEqual([2, 3, 4, 7, 9, 10, 11, 12]);
  expect(is_within(new Int32Array(), 3)).toBe(false);
});
