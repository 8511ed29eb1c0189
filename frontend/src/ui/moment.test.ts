import { beforeAll, describe, expect, it } from "vitest";
import { ago, axis_ticks, clock_time, exact_time, stop_watch } from "./moment.ts";

const at = (text: string) => Date.parse(text);
const texts = (from: string, to: string, most: number, options: Parameters<typeof axis_ticks>[3]) =>
  axis_ticks(at(from), at(to), most, options).map((tick) => tick.text);

beforeAll(() => {
  // A zone whose clocks are turned on 25 October and that is ahead of UTC.
  process.env.TZ = "Europe/Berlin";
});

describe("points in time", () => {
  const now = at("2026-11-23T23:30:00Z"); // here the 24th

  it("says days as people do, in the zone asked for", () => {
    expect(ago(at("2026-11-23T20:30:00Z"), now, "utc")).toBe("3 h ago");
    expect(ago(at("2026-11-23T08:00:00Z"), now, "local")).toBe("yesterday");
    expect(ago(at("2026-11-23T08:00:00Z"), now, "utc")).toBe("15 h ago");
    expect(ago(at("2026-11-20T22:00:00Z"), now, "utc")).toBe("3 days ago");
    expect(ago(now + 5000, now, "utc")).toBe("just now");
  });

  it("tells the day where it is not today, and the year where it is another", () => {
    expect(clock_time(at("2026-11-23T23:02:03Z"), now, "local")).toBe("00:02:03");
    expect(clock_time(at("2026-11-23T22:02:03Z"), now, "local")).toMatch(/^\D*23\D* 23:02:03$/);
    expect(clock_time(at("2026-11-23T22:02:03Z"), now, "utc")).toBe("22:02:03");
    expect(clock_time(at("2025-11-23T22:02:03Z"), now, "utc")).toMatch(/2025,? 22:02:03$/);
  });

  it("names the zone where it is exact", () => {
    expect(exact_time(now, "utc")).toMatch(/2026.*UTC$/);
    expect(exact_time(now, "local")).toMatch(/24.*(GMT\+1|CET)$/);
  });

  it("counts like a stop watch", () => {
    expect([0.4, 191, 90_061, -75].map(stop_watch)).toEqual(["0:00:00", "0:03:11", "25:01:01", "−0:01:15"]);
  });
});

describe("an axis of time", () => {
  it("has its marks on round times, not too many of them", () => {
    const made = texts("2026-11-23T10:58:20Z", "2026-11-23T11:31:00Z", 8, { zone: "utc" });
    expect(made).toEqual(["11:00", "11:05", "11:10", "11:15", "11:20", "11:25", "11:30"]);
    expect(texts("2026-11-23T10:58:20Z", "2026-11-23T10:58:24Z", 6, { zone: "utc" })).toEqual(
      ["20", "21", "22", "23", "24"].map((second) => `10:58:${second}`),
    );
  });

  it("goes by the zone's own midnights, also over a turn of the clocks", () => {
    const range = ["2026-10-24T20:00:00Z", "2026-10-26T10:00:00Z"] as const;
    const ticks = axis_ticks(at(range[0]), at(range[1]), 4, { zone: "local" });
    expect(ticks.map((tick) => new Date(tick.at).toISOString())).toEqual([
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T11:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
    expect(ticks[0]?.text).toMatch(/25/);
    expect(ticks[1]?.text).toBe("12:00");
    expect(ticks[2]?.text).toMatch(/26/);
  });

  it("counts from the start where clocks are not wanted", () => {
    const start = at("2026-11-23T10:00:10Z");
    const made = axis_ticks(start - 60_000, start + 5_400_000, 5, { zone: "utc", start });
    expect(made.map((tick) => tick.text)).toEqual(["0", "30 min", "1 h", "1 h 30 min"]);
    expect(made[0]?.at).toBe(start);
  });

  it("is empty where there is nothing between the ends, and never endless", () => {
    expect(axis_ticks(5, 5, 8, { zone: "utc" })).toEqual([]);
    expect(axis_ticks(0, Number.NaN, 8, { zone: "utc" })).toEqual([]);
    expect(texts("1970-01-01T00:00:00Z", "2026-11-23T00:00:00Z", 6, { zone: "utc" }).length).toBeLessThan(8);
  });
});
