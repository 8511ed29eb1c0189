import { describe, expect, it } from "vitest";
import { spans_of, status_at } from "../../../api/spans.ts";
import { colours_of } from "./colours.ts";
import { groups_of } from "./groups.ts";
import { lanes_of } from "./lanes.ts";
import { hit, paint, type Scene, tops_of } from "./raster.ts";

const colours = colours_of("light");

function scene_of(
  size: number,
  part: Partial<Scene> = {},
  more: { failed?: number; mid?: number } = {},
): Scene {
  const each = <T>(make: (i: number) => T) => Array.from({ length: size }, (_, i) => make(i));
  const spans = spans_of({
    base: "2026-01-01T00:00:00Z",
    rules: ["map"],
    statuses: ["succeeded", "failed"],
    number: each((i) => i),
    attempt: each(() => 1),
    rule: each(() => 0),
    status: each((i) => (i === more.failed ? 1 : 0)),
    queued: each((i) => i * 10),
    started: each((i) => i * 10 + (more.mid ?? 0)),
    ended: each((i) => i * 10 + 10),
    ...{ queue: [], run: [], threads: [], mem_mb: [], max_rss_mb: [], mean_load: [], again: [] },
  });
  const lanes = lanes_of(spans, groups_of(spans, "rule", undefined));
  const tops = Float64Array.from([0, 20]);
  return {
    ...{ lanes, status: spans.status, tops, pad: 4, from: 0, to: size * 10, until: size * 10 },
    ...{ dimmed: null, slots: false, scale: 1 },
    ...part,
  };
}

function painted(scene: Scene, width: number): Map<number, number> {
  const picture = { pixels: new Uint32Array(width * 20), width, height: 20 };
  paint(picture, scene, colours);
  const found = new Map<number, number>();
  for (const pixel of picture.pixels) found.set(pixel, (found.get(pixel) ?? 0) + 1);
  return found;
}

const red = colours.bar[status_at("failed")] as number;
const green = colours.bar[status_at("succeeded")] as number;

describe("bars", () => {
  it("that failed are seen among thousands in one pixel", () => {
    const scene = scene_of(50_000, {}, { failed: 31_000 });
    expect(painted(scene, 100).get(red)).toBe(3 * 11); // 3 px wide, as high as their row
    expect(painted(scene, 3000).get(red)).toBe(3 * 11);
    const other = scene_of(50_000, { from: 0, to: 1000 }, { failed: 31_000 });
    expect(painted(other, 100).get(red)).toBeUndefined();
  });

  it("show what was waited hatched and what was run whole", () => {
    const found = painted(scene_of(1, {}, { mid: 5 }), 100);
    expect(found.get(green)).toBe(49 * 11); // less the gap to a neighbour
    const two = [colours.hatch, colours.ground].map(
      (tone) => found.get(tone[status_at("succeeded")] as number) ?? 0,
    );
    expect(two[0]).toBeGreaterThan(100);
    expect((two[0] ?? 0) + (two[1] ?? 0)).toBe(50 * 11);
  });

  it("that are not chosen are dimmed and lie below", () => {
    const scene = scene_of(1000, {
      dimmed: Uint8Array.from({ length: 1000 }, (_, i) => (i === 500 ? 0 : 1)),
    });
    const found = painted(scene, 100);
    expect(found.get(green)).toBe(11);
    expect(found.get(colours.dim[status_at("succeeded")] as number)).toBe(99 * 11);
  });

  it("are found at a place, a failed one before its neighbours", () => {
    const scene = scene_of(1000, {}, { failed: 500 });
    expect(hit(scene, 1000, 300.5, 10)).toBe(300);
    expect(hit(scene, 1000, 498.5, 10)).toBe(500);
    expect(hit(scene, 1000, 300, 40)).toBe(-1);
    expect(hit({ ...scene, from: -5000, to: 5000 }, 1000, 100, 10)).toBe(-1);
  });
});

it("gives lanes the height of their rows, within the room there is", () => {
  const { lanes } = scene_of(10);
  expect([...tops_of(lanes, 400, false)]).toEqual([0, 24]);
  expect([...tops_of(lanes, 400, true)]).toEqual([0, 24]);
});
