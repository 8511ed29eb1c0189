import { expect, it } from "vitest";
import { tab_icon } from "./favicon.ts";
import { run_statuses } from "./status.ts";

const shape = (icon: string) => decodeURIComponent(icon).replaceAll(/#[0-9a-f]{6}/gi, "");
const of = (status: string, progress = 0, failing = false) => tab_icon({ status, progress, failing });

it("draws each status in a shape of its own, so that no eye needs the colour", () => {
  const shapes = [...run_statuses.map((status) => shape(of(status))), shape(of("running", 0.4, true))];
  expect(new Set(shapes).size).toBe(shapes.length);
});

it("fills the ring of a running run in steps", () => {
  expect(of("running", 0.5)).not.toBe(of("running", 0.75));
  expect(of("running", 0.5)).toBe(of("running", 0.51));
  expect(of("running", 1)).toContain("data:image/svg+xml,");
});
