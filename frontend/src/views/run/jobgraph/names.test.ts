import { describe, expect, it } from "vitest";
import { broken, clear_of, fitted } from "./names.ts";

const measure = (text: string) => text.length * 7;

describe("names where there is little room", () => {
  it("are cut to what fits, dots included", () => {
    expect(fitted("mark_duplicates", 105, measure)).toBe("mark_duplicates");
    expect(fitted("mark_duplicates", 104, measure)).toBe("mark_duplicat…");
    for (let width = 0; width < 110; width++) {
      expect(measure(fitted("mark_duplicates", width, measure))).toBeLessThanOrEqual(width);
    }
    expect(fitted("mark", 13, measure)).toBe("");
  });

  it("are broken into two lines where both fit, as equal as can be", () => {
    expect(broken("call_all_variants", 70, measure)).toEqual(["call_all_", "variants"]);
    expect(broken("mark_duplicates", 70, measure)).toEqual(["mark_", "duplicates"]);
    expect(broken("mark_duplicates", 69, measure)).toBeNull();
    expect(broken("genotyping_", 70, measure)).toBeNull();
  });

  it("keep off the marks, and to the middle where it is free", () => {
    const ends = { from: 0, to: 200 };
    expect(clear_of([], ends, 60)).toBe(100);
    expect(clear_of([20, 180], ends, 60)).toBe(100);
    expect(clear_of([90], ends, 60)).toBe(30);
    expect(clear_of([30, 90], ends, 60)).toBe(170);
    expect(clear_of([10, 100, 101, 190], ends, 60)).toBe(65); // between the marks
    expect(clear_of([50], { from: 0, to: 40 }, 60)).toBe(30); // longer than the room: it begins where that does
  });
});
