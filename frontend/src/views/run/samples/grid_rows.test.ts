import { describe, expect, it } from "vitest";
import type { Grid } from "../../../api/types.ts";
import { grid_rows, shown_rows } from "./grid_rows.ts";

const grid: Grid = {
  wildcard: "sample",
  wildcards: ["sample"],
  rules: ["align", "map"],
  values: ["S1", "S10", "S2", null],
  total: 3,
  statuses: ["planned", "queued", "running", "succeeded", "failed", "aborted", "skipped"],
  cells: [
    [0, 0, 3, 2, 1],
    [1, 0, 3, 1, 3],
    [1, 0, 4, 1, 9],
    [1, 1, 0, 1, 4],
    [2, 1, 2, 1, 5],
    [3, 1, 3, 1, 0],
  ],
};
const wanted = { find: "", sort: "name" as const, values: [], statuses: [], rules: [] };
const names = (rows: ReturnType<typeof grid_rows>) => rows.map((row) => row.value);

describe("the grid's rows", () => {
  const rows = grid_rows(grid);

  it("says of a cell first what went wrong, and which job that was", () => {
    expect(rows[1]?.cells.get(0)).toEqual({
      counts: { succeeded: 1, failed: 1 },
      total: 2,
      first: "failed",
      number: 9,
    });
    expect(rows[1]).toMatchObject({ failed: 1, done: 1, total: 3 });
  });

  it("counts as people do, and has the jobs of no sample last", () => {
    expect(names(shown_rows(rows, wanted))).toEqual(["S1", "S2", "S10", null]);
  });

  it("has failures first, then what is not done", () => {
    expect(names(shown_rows(rows, { ...wanted, sort: "failed" }))).toEqual(["S10", "S2", "S1", null]);
  });

  it("keeps the rows that hold what is chosen", () => {
    expect(names(shown_rows(rows, { ...wanted, find: "s1" }))).toEqual(["S1", "S10"]);
    expect(names(shown_rows(rows, { ...wanted, statuses: ["running"] }))).toEqual(["S2"]);
    expect(names(shown_rows(rows, { ...wanted, statuses: ["succeeded"], rules: [1] }))).toEqual([null]);
    expect(names(shown_rows(rows, { ...wanted, values: ["S2"] }))).toEqual(["S2"]);
  });
});
