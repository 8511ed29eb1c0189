import { describe, expect, it } from "vitest";
import type { RuleUsage } from "../../../api/types.ts";
import { profile_yaml, rounded_up, suggested } from "./resources.ts";

const usage = (part: Partial<RuleUsage>): RuleUsage => ({
  ...{ rule: "align", timed: 12, median_seconds: 60, p95_seconds: 600, max_seconds: 700, total_seconds: 900 },
  ...{ threads: 4, mem_mb: 8000, runtime_minutes: null, weighed: 10, p95_rss_mb: 1000, max_rss_mb: 1100 },
  ...{ loaded: 10, median_load: 180 },
  ...part,
});

it("rounds up to two digits", () => {
  expect([0, 1, 1.01, 12, 99.2, 101, 1258.2, 12_582].map((n) => rounded_up(n, 1))).toEqual([
    1, 1, 2, 12, 100, 110, 1300, 13_000,
  ]);
});

describe("what rules could ask for", () => {
  it("is what 95 of 100 jobs used, and a fifth more", () => {
    expect(suggested([usage({})])).toEqual([
      { rule: "align", mem_mb: 1300, runtime: 12, weighed: 10, timed: 12 },
    ]);
    expect(suggested([usage({ p95_rss_mb: 3, p95_seconds: 2 })])[0]).toMatchObject({
      mem_mb: 100,
      runtime: 1,
    });
  });

  it("is said of rules with a benchmark only", () => {
    expect(suggested([usage({ p95_rss_mb: null, weighed: 0 })])).toEqual([]);
  });

  it("is a piece of a profile", () => {
    const rules = suggested([usage({}), usage({ rule: "on", weighed: 1, timed: 1 })]);
    expect(profile_yaml(rules)).toBe(
      'set-resources:\n  align:\n    mem_mb: 1300  # by 10 jobs\n    runtime: 12  # by 12 jobs\n  "on":\n    mem_mb: 1300  # by 1 job\n    runtime: 12  # by 1 job\n',
    );
  });
});
