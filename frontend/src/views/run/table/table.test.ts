import { describe, expect, it } from "vitest";
import { a_job } from "../../../test/factories.ts";
import { all_columns, shown_columns, table_text } from "./columns.ts";
import { as_they_are, ranges } from "./picked.ts";

const keys = (names: string[], choices: Record<string, boolean> = {}) =>
  shown_columns(all_columns([], names, false), choices).map(({ key }) => key);

describe("the columns of the job table", () => {
  const usual = ["attempt", "started", "took", "number"];

  it("gives wildcards columns of their own, and what is left one together", () => {
    expect(keys(["a", "b", "c"])).toEqual(["status", "rule", "w:a", "w:b", "w:c", ...usual]);
    expect(keys(["a", "b", "c", "d"])).toEqual(["status", "rule", "w:a", "w:b", "rest", ...usual]);
    expect(keys(["a", "b", "c", "d"], { "w:c": true, "w:d": true })).toEqual([
      ...["status", "rule", "w:a", "w:b", "w:c", "w:d"],
      ...usual,
    ]);
  });

  it("shows what was chosen, in its place", () => {
    expect(keys([], { threads: true, attempt: false, nonsense: true })).toEqual([
      ...["status", "rule", "started", "took", "threads", "number"],
    ]);
  });

  it("copies a table that a spreadsheet takes", () => {
    const job = a_job({
      number: 7,
      rule: "map",
      status: "succeeded",
      wildcards: { sample: "=A\t1", lane: "L" },
      started_at: "2026-01-01T00:00:00Z",
      ended_at: "2026-01-01T00:00:02.5Z",
      run_seconds: 2.5,
      attempt: 1,
    });
    const columns = shown_columns(all_columns([], ["sample", "lane"], false), {
      "w:lane": false,
      status: false,
    });
    expect(table_text([job], columns)).toBe(
      "Rule\tsample\tTry\tStarted\tTook\tId\nmap\t'=A 1\t1\t2026-01-01T00:00:00Z\t2.5\t7",
    );
  });
});

it("copies picked jobs as they are now, where that is known", () => {
  const [first, second] = [3, 4].map((number) => a_job({ number, status: "running" }));
  const now = a_job({ number: 4, status: "succeeded" });
  const picked = new Map([first, second].flatMap((job) => (job ? [[job.number, job]] : [])));
  expect(as_they_are(picked, [now, a_job({ number: 9 })])).toEqual([first, now]);
});

describe("numbers for the server", () => {
  it.each([
    [[], ""],
    [[3], "3"],
    [[5, 3, 4, 9, 7, 8], "3-5,7-9"],
    [[1, 3], "1,3"],
  ])("%j is %s", (numbers, text) => expect(ranges(numbers)).toBe(text));
});
