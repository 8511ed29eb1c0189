import { expect, it } from "vitest";
import { aside, type Place } from "./asides.ts";

const size = { width: 400, height: 300 };
const measure = (text: string) => text.length * 6;
const small = (left: number, top: number): Place => ({ left, top, right: left + 30, bottom: top + 8 });
const told = (name: string, block: Place, others: Place[] = []) =>
  aside(name, block, [block, ...others], size, measure);

it("writes the name of a small block below it, in its middle", () => {
  expect(told("all", small(100, 100))).toEqual({ parts: ["all"], x: 106, y: 110, wide: 18, cut: 0 });
});

it("goes above where something stands below, and stays within the picture", () => {
  expect(told("all", small(100, 100), [{ left: 90, top: 112, right: 140, bottom: 160 }])?.y).toBe(92);
  expect(told("all", small(100, 290))?.y).toBe(282);
  const edge = told("merge_variants", small(375, 100));
  expect((edge?.x ?? 0) + (edge?.wide ?? 0)).toBeLessThanOrEqual(size.width);
});

it("breaks a name rather than that it touches a neighbour, cuts it where that does not do, and leaves out a stump", () => {
  const between = (room: number) => [
    { left: 0, top: 0, right: 115 - room / 2, bottom: 300 },
    { left: 115 + room / 2, top: 0, right: 400, bottom: 300 },
  ];
  expect(told("merge_variants", small(100, 100), between(64))?.parts).toEqual(["merge_", "variants"]);
  expect(told("mergevariants", small(100, 100), between(64))?.parts).toEqual(["mergevar…"]);
  expect(told("mergevariants", small(100, 100), between(36))).toBeNull();
});
