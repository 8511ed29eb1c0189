import { expect, test } from "vitest";
import { columns_of, slim } from "./sheet_columns.ts";

const rules = ["ref", "trim", "align", "qc", "call", "report", "merge_variants", "all"];
const values = ["P007_tumour", "P010_normal", null];

test("rules are written across where all of them fit, each as wide as its name, else upwards", () => {
  const { names, sizes, upright } = columns_of(860, rules, values);
  expect(upright).toBe(false);
  expect(names + sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(860);
  expect(sizes[6]).toBeGreaterThan(sizes[0] as number);
  const narrow = columns_of(390, rules, values);
  expect(narrow.upright).toBe(true);
  expect(new Set(narrow.sizes)).toEqual(new Set([slim]));
});

test("values are seen whole as far as that leaves room for the rules", () => {
  const long = "HG00096_tumour_replicate_2_of_the_second_batch_of_sequencing";
  expect(columns_of(390, rules, values).names).toBeGreaterThan("P007_tumour".length * 7 + 40);
  expect(columns_of(390, rules, [long]).names).toBe(156);
  expect(columns_of(1400, rules, [long]).names).toBe(360);
});
