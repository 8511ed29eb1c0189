import { describe, expect, it } from "vitest";
import { large_graph, made_graph } from "../../../test/made_graph.ts";
import { job_statuses } from "../../../theme/status.ts";
import { Push } from "../graph/whereabouts.ts";
import { begin_at, cell_of, hit } from "./hit.ts";
import { cell, head, lay_out, place_of } from "./layout.ts";
import {
  above,
  apart,
  below,
  edges_of,
  itself,
  job_at,
  links_on,
  reach_of,
  rule_at,
  rule_near,
  step,
} from "./reach.ts";
import { counted, counts_of, standing } from "./scene.ts";
import { shape_of } from "./shape.ts";
import { fitted, moved, shown, zoomed } from "./view.ts";

// Three samples through a > b, all gathered by c; d stands by itself.
const shape = shape_of(made_graph([3, 3, 1, 1], [[], [0], [1], []]));
const layout = lay_out(shape);
const [failed, succeeded] = [job_statuses.indexOf("failed"), job_statuses.indexOf("succeeded")];

describe("the reach of a job", () => {
  it("is what leads to it and what follows, the nearest first", () => {
    const middle = reach_of(shape, 4);
    expect([...middle.side]).toEqual([apart, above, apart, apart, itself, apart, below, apart]);
    const end = reach_of(shape, 6);
    expect([...end.up.slice(0, 3)].sort()).toEqual([3, 4, 5]);
    expect([...end.up.slice(3)].sort()).toEqual([0, 1, 2]);
    expect(reach_of(shape, 7).up).toHaveLength(0);
  });

  it("ends where a plan goes round in a circle", () => {
    const round = shape_of({ rules: ["a"], number: [1, 2, 3], rule: [0, 0, 0], edges: [0, 1, 1, 2, 2, 0] });
    expect([...reach_of(round, 0).side]).toEqual([itself, above, above]);
  });

  it("has edges, as many as are asked for, and lies on links", () => {
    const reach = reach_of(shape, 4);
    expect([...edges_of(shape, reach, 10)]).toEqual([1, 4, 4, 6]);
    expect(edges_of(shape, reach_of(shape, 6), 2)).toHaveLength(4);
    const on = [...links_on(shape, layout, reach)].map((i) => layout.links[i]);
    expect(on.map((link) => [link?.from, link?.to]).sort()).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(links_on(shape, layout, reach_of(shape, 7)).size).toBe(0);
  });

  it("is found in the largest plan in one go", () => {
    const large = shape_of(large_graph());
    const last = large.number.length - 1;
    const begun = performance.now();
    const reach = reach_of(large, last);
    const took = performance.now() - begun;
    expect(reach.up.length).toBeGreaterThan(50_000);
    expect(new Set(reach.up).size).toBe(reach.up.length);
    if (process.env.MEASURE) console.log(`${reach.up.length} jobs reached in ${took.toFixed(1)} ms`);
  });
});

describe("the arrow keys", () => {
  const go = (from: number, key: string, came?: number) => step(shape, layout, from, key, came);
  it("go along what is needed, and back to where one came from", () => {
    expect(go(4, "ArrowLeft")).toBe(1);
    expect(go(1, "ArrowRight")).toBe(4);
    expect(go(4, "ArrowRight")).toBe(6);
    for (const came of [3, 4, 5]) expect(go(6, "ArrowLeft", came)).toBe(came);
    expect([3, 4, 5]).toContain(go(6, "ArrowLeft", 7));
    expect(go(6, "ArrowRight")).toBeUndefined();
  });
  it("go to the neighbours of the same rule", () => {
    expect([go(0, "ArrowDown"), go(1, "ArrowUp")]).toEqual([1, 0]);
    expect([go(0, "ArrowUp"), go(2, "ArrowDown"), go(0, "x")]).toEqual([undefined, undefined, undefined]);
  });
});

describe("what is under the pointer", () => {
  const states = Uint8Array.from(shape.number, (_, i) => (i === 4 ? failed : succeeded));
  const scene = { shape, layout, states };
  const middle = (job: number) => {
    const { x, y } = place_of(layout, shape, job);
    return { x: x + cell.width / 2, y: y + cell.height / 2 };
  };

  it("is the job whose cell it is, and none in gaps and heads", () => {
    for (let job = 0; job < shape.number.length; job++) {
      const { x, y } = middle(job);
      expect(job_at(layout, x, y, head)).toBe(job);
      expect(job_at(layout, x, y + cell.height / 2 + 2, head)).toBeUndefined();
    }
    expect(job_at(layout, layout.x[0] ?? 0, (layout.y[0] ?? 0) + head / 2, head)).toBeUndefined();
    expect(rule_at(layout, layout.x[0] ?? 0, (layout.y[0] ?? 0) + head / 2)).toBe(0);
    expect(rule_at(layout, -10, -10)).toBeUndefined();
    expect(rule_near(layout, (layout.x[2] ?? 0) - 5, middle(6).y)).toBe(2);
  });

  it("is from afar a failed job whose mark is near, else the rule", () => {
    const zoom = 0.02;
    const at = (job: number) => {
      const { x, y } = middle(job);
      return hit(scene, { x: 0, y: 0, zoom }, x * zoom, y * zoom);
    };
    expect(at(4)).toEqual({ job: 4, rule: 1 });
    expect(at(6)).toEqual({ rule: 2 });
    expect(hit(scene, { x: 0, y: 0, zoom: 1 }, middle(6).x, middle(6).y)).toEqual({ job: 6, rule: 2 });
  });

  it("begins, by the keyboard, at what failed", () => {
    expect(begin_at(scene, shape.number.keys(), middle(6))).toBe(4);
    expect(begin_at(scene, [0, 1, 2, 6], middle(6))).toBe(6);
    expect(begin_at(scene, [], { x: 0, y: 0 })).toBeUndefined();
  });

  it("is counted by rule and status", () => {
    const counts = counted(shape, states);
    expect(counts_of(counts, 1)[failed]).toBe(1);
    expect(counts_of(counts, 1)[succeeded]).toBe(2);
    expect([...(standing(Uint8Array.of(1, 0, 1, 0)) ?? [])]).toEqual([1, 3]);
    expect(standing(null)).toBeNull();
  });
});

describe("the window", () => {
  const size = { width: 400, height: 300 };
  it("keeps what is under the pointer where it is while it zooms", () => {
    const view = { x: 100, y: 50, zoom: 0.5 };
    const next = zoomed(view, 1.7, 120, 80, 0.01);
    expect(next.x + 120 / next.zoom).toBeCloseTo(view.x + 120 / view.zoom);
    expect(next.y + 80 / next.zoom).toBeCloseTo(view.y + 80 / view.zoom);
    expect(zoomed(view, 0.001, 0, 0, 0.2).zoom).toBe(0.2);
  });

  it("fits all in, and does not blow few jobs up", () => {
    const wide = fitted({ x: 0, y: 0, width: 4000, height: 100 }, size);
    expect(wide.x).toBeLessThan(0);
    expect(wide.x + 400 / wide.zoom).toBeGreaterThan(4000);
    expect(fitted({ x: 0, y: 0, width: 50, height: 20 }, size).zoom).toBe(1);
  });

  it("never loses the drawing out of sight", () => {
    const whole = { width: 1000, height: 1000 };
    let view = { x: 0, y: 0, zoom: 1 };
    for (let i = 0; i < 50; i++) view = moved(view, 500, -500, whole, size);
    expect(view.x).toBeLessThan(1000);
    expect(view.y).toBeGreaterThan(-300);
  });

  it("moves no more than a job needs to be seen", () => {
    const box = cell_of(layout, shape, 6);
    const seen = { x: box.x - 100, y: box.y - 100, zoom: 1 };
    expect(shown(seen, box, size)).toEqual(seen);
    const next = shown({ x: box.x + 1000, y: box.y, zoom: 1 }, box, size);
    expect(box.x).toBeGreaterThanOrEqual(next.x);
    expect(box.x + box.width).toBeLessThanOrEqual(next.x + 400);
  });
});

it("leads to the other graph only after a good push beyond the last zoom", () => {
  const push = new Push();
  expect([push.add(120, 0), push.add(120, 100), push.add(120, 200)]).toEqual([false, false, true]);
  expect([push.add(200, 300), push.add(200, 5000)]).toEqual([false, false]);
  push.rest();
  expect(push.add(300, 5100)).toBe(false);
});
