import { describe, expect, it } from "vitest";
import { type Spans, spans_of, with_jobs } from "../../../api/spans.ts";
import { a_job } from "../../../test/factories.ts";
import { known_of, series_of, sure_until } from "./bins.ts";
import { groups_of } from "./groups.ts";
import { bars_of, between, by_time, lanes_of, Rows, reach_of } from "./lanes.ts";
import { View } from "./view.ts";

type Told = [rule: number, queued: number | null, started: number | null, ended: number | null];

const statuses = ["running", "succeeded"] as const;
function made(told: Told[], more: Partial<Parameters<typeof spans_of>[0]> = {}): Spans {
  return spans_of({
    base: "2026-01-01T00:00:00Z",
    rules: ["map", "call"],
    statuses: [...statuses],
    number: told.map((_, i) => i),
    attempt: told.map(() => 1),
    rule: told.map(([rule]) => rule),
    status: told.map(([, , , ended]) => (ended === null ? 0 : 1)),
    queued: told.map(([, queued]) => queued),
    started: told.map(([, , started]) => started),
    ended: told.map(([, , , ended]) => ended),
    ...{ queue: [], run: [], threads: [], mem_mb: [], max_rss_mb: [], mean_load: [], again: [] },
    ...more,
  });
}
const rows_of = (lanes: { row: Int32Array }) => [...lanes.row];

describe("rows", () => {
  it("take the lowest that is free", () => {
    const rows = new Rows();
    expect([rows.put(0, 10), rows.put(0, 5), rows.put(4, 9), rows.put(5, 7), rows.put(10, 11)]).toEqual([
      0, 1, 2, 1, 0,
    ]);
    expect(rows.used).toBe(3);
  });

  it("never hold two bars at once, and are as few as can be", () => {
    const dice = (n: number) => (Math.imul(n + 1, 2654435761) >>> 0) % 997;
    const told = Array.from({ length: 3000 }, (_, i) => ({
      from: dice(i),
      to: dice(i) + 1 + (dice(i * 7) % 50),
    }));
    told.sort((a, b) => a.from - b.from);
    const rows = new Rows();
    const placed = told.map((bar) => ({ ...bar, row: rows.put(bar.from, bar.to) }));
    const last = new Map<number, number>();
    for (const { row, from, to } of placed) {
      expect(last.get(row) ?? 0).toBeLessThanOrEqual(from);
      last.set(row, to);
    }
    const most = Math.max(
      ...told.map(({ from }) => told.filter((b) => b.from <= from && b.to > from).length),
    );
    expect(rows.used).toBe(most);
  });
});

describe("bars", () => {
  it("are split where the wait ended, by whoever knows it best", () => {
    const bars = bars_of(
      made([[0, 0, 0, 10], [0, 0, 4, 10], [0, 0, 4, 10], [0, 0, 9, 10], [0, 0, null, 10], [0, 5, null, null], [0, null, null, 7], [0, null, null, null]], {
        queue: [null, null, 3, null, null, null, null, null],
        run: [null, null, 5, 8, null, null, null, null],
        status: [1, 1, 1, 1, 1, 0, 1, 1],
      }),
    ); // biome-ignore format: a table
    expect([...bars.from]).toEqual([0, 0, 0, 0, 0, 5, 7, Number.NaN]);
    expect([...bars.mid]).toEqual([0, 4, 3, 2, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect([...bars.to]).toEqual([10, 10, 10, 10, 10, Infinity, 7, Number.NaN]);
  });

  it("are found by time, also a long one that began before", () => {
    const bars = bars_of(
      made([
        [0, 50, 50, 60],
        [0, 0, 0, 100],
        [0, 10, 10, 20],
        [0, null, null, null],
      ]),
    );
    bars.from[3] = Number.NaN;
    const order = by_time(bars);
    expect([...order]).toEqual([1, 2, 0]);
    const index = { order, reach: reach_of(order, bars), bars };
    expect(between(index, 30, 40)).toEqual([0, 2]);
    expect(between(index, 101, 200)).toEqual([3, 3]);
    expect(between(index, -5, -1)).toEqual([0, 0]);
  });
});

describe("lanes", () => {
  const told: Told[] = [
    [0, 0, 2, 10],
    [1, 0, 0, 4],
    [0, 3, 10, 12],
    [1, 4, 4, null],
  ];

  it("pack each rule for itself", () => {
    const spans = made(told);
    const lanes = lanes_of(spans, groups_of(spans, "rule", undefined));
    expect([...lanes.lane]).toEqual([0, 1, 0, 1]);
    expect(rows_of(lanes)).toEqual([0, 0, 1, 0]);
    expect(lanes.rows.map((rows) => rows.used)).toEqual([2, 1]);
  });

  it("hold a slot from the start of a job only", () => {
    const spans = made([...told, [0, 1, null, null]]);
    const lanes = lanes_of(spans, groups_of(spans, "slot", undefined));
    expect([...lanes.lane]).toEqual([0, 0, 0, 0, -1]);
    expect(rows_of(lanes).slice(0, 4)).toEqual([1, 0, 1, 0]); // the third waits while the first runs, and follows it
  });

  it("go by the values of a wildcard as people count, jobs without it last", () => {
    const spans = made(told);
    const values = { values: ["S10", "S2"], of: new Map([[0, 0], [1, 1], [3, 1]]) }; // biome-ignore format: pairs
    const lanes = lanes_of(spans, groups_of(spans, "by:sample", values));
    expect(lanes.names).toEqual(["S2", "S10", null]);
    expect([...lanes.lane]).toEqual([1, 0, 2, 0]);
  });

  it("leave what stands where it stands when news come", () => {
    const spans = made(told);
    const groups = groups_of(spans, "rule", undefined);
    const before = lanes_of(spans, groups);
    const at = (ms: number) => new Date(spans.base + ms).toISOString();
    const job = (number: number, from: number, to: number | null) =>
      a_job({
        number,
        rule: "call",
        attempt: 1,
        status: to ? "succeeded" : "running",
        queued_at: at(from),
        started_at: at(from),
        ended_at: to ? at(to) : null,
      });
    const next = with_jobs(spans, [job(3, 4, 20), job(8, 6, null), job(9, 21, null)]).spans;
    const lanes = lanes_of(next, groups_of(next, "rule", undefined), before);
    expect(rows_of(lanes)).toEqual([0, 0, 1, 0, 1, 0]); // the last takes the row of what ended meanwhile
  });
});

it("counts what runs and waits at once, in part where a bin is filled in part", () => {
  const spans = made(
    [
      [0, 0, 20, 40],
      [0, 0, 0, null],
      [0, 10, null, 15],
    ],
    { threads: [4, 1, 1], max_rss_mb: [100 / 1.048576, null, null] },
  );
  const bars = bars_of(spans);
  const order = by_time(bars);
  const known = known_of(spans);
  expect(known).toEqual({ cores: true, mem_mb: false, used_cores: false, used_mb: true });
  const stretch = { from: 0, to: 80, bins: 8, until: 50 };
  const found = series_of(spans, bars, { order, first: 0, stop: 3 }, stretch, known);
  expect([...found.running]).toEqual([1, 1, 2, 2, 1, 0, 0, 0]);
  expect([...found.queued]).toEqual([1, 1.5, 0, 0, 0, 0, 0, 0]);
  expect([...(found.cores ?? [])]).toEqual([1, 1, 5, 5, 1, 0, 0, 0]);
  expect([...(found.used_mb ?? [])]).toEqual([0, 0, 100, 100, 0, 0, 0, 0]);
  expect(found.mem_mb).toBeNull();
  const coarse = series_of(spans, bars, { order, first: 0, stop: 3 }, { ...stretch, bins: 1 }, known);
  expect(coarse.running[0]).toBeCloseTo(70 / 80);
});

it("is sure of what was asked for until what was told in passing began to run", () => {
  const spans = made([[0, 0, 20, 40], [0, 0, 0, null]]); // biome-ignore format: short
  expect(sure_until(spans, bars_of(spans))).toBe(Number.POSITIVE_INFINITY);
  const at = (ms: number) => new Date(spans.base + ms).toISOString();
  const told = (number: number, ms: number) =>
    a_job({ number, attempt: 1, status: "running", queued_at: at(ms), started_at: at(ms + 5) });
  const more = with_jobs(spans, [told(7, 50), told(8, 30)]).spans;
  expect(sure_until(more, bars_of(more))).toBe(35);
});

describe("the view", () => {
  it("zooms about a moment, keeps within the run, and follows it while all is seen", () => {
    const view = new View();
    view.bounds(0, 1000);
    view.bounds(0, 2000);
    expect([view.from, view.to]).toEqual([0, 2000]);
    view.zoom(500, 0.5);
    expect([view.from, view.to]).toEqual([250, 1250]);
    view.bounds(0, 3000);
    expect([view.from, view.to, view.whole]).toEqual([250, 1250, false]);
    view.pan(-1);
    expect([view.from, view.to]).toEqual([0, 1000]);
    view.zoom(0, 1e-9);
    expect(view.to - view.from).toBe(20);
    view.zoom(0, 1e9);
    expect([view.from, view.to, view.whole]).toEqual([0, 3000, true]);
  });
});
