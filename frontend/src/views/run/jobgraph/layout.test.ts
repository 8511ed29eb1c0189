import { describe, expect, it } from "vitest";
import { large_graph, type MadeGraph, made_graph, shuffled } from "../../../test/made_graph.ts";
import { columns_of, place } from "./columns.ts";
import { cell, type Layout, lay_out, place_of } from "./layout.ts";
import { by_rule } from "./order.ts";
import { depths, links_of, type Shape, shape_of } from "./shape.ts";

const six = made_graph([12, 12, 12, 12, 1, 1], [[], [0], [0], [1, 2], [3], [0, 4]]);

/** How far edges go up or down on average, px. */
function slope(shape: Shape, layout: Layout): number {
  let sum = 0;
  for (let job = 0; job < shape.number.length; job++) {
    for (let i = shape.up_at[job] ?? 0; i < (shape.up_at[job + 1] ?? 0); i++) {
      sum += Math.abs(place_of(layout, shape, job).y - place_of(layout, shape, shape.up[i] ?? 0).y);
    }
  }
  return sum / Math.max(1, shape.up.length);
}

function overlapping({ x, y, w, h, start }: Layout): [number, number][] {
  const found: [number, number][] = [];
  const drawn = [...x.keys()].filter((rule) => (start[rule + 1] ?? 0) > (start[rule] ?? 0));
  for (const a of drawn) {
    for (const b of drawn) {
      const [xa = 0, xb = 0, ya = 0, yb = 0] = [x[a], x[b], y[a], y[b]];
      const [wa = 0, wb = 0, ha = 0, hb = 0] = [w[a], w[b], h[a], h[b]];
      if (a < b && xa < xb + wb && xb < xa + wa && ya < yb + hb && yb < ya + ha) found.push([a, b]);
    }
  }
  return found;
}

describe("the shape of a plan", () => {
  const shape = shape_of(six);
  it("knows both ways of each edge", () => {
    expect(shape.up_at.at(-1)).toBe(six.edges.length / 2);
    expect(shape.down.length).toBe(shape.up.length);
    const last = shape.number.length - 1;
    expect([...shape.up.subarray(shape.up_at[last], shape.up_at[last + 1])]).toHaveLength(13);
    expect(links_of(shape)).toContainEqual({ from: 0, to: 5, edges: 12 });
  });

  it("leaves out edges that lead nowhere", () => {
    const odd = shape_of({ rules: ["a"], number: [1, 2], rule: [0, 0], edges: [0, 0, 0, 1, 1, 7, -1, 0] });
    expect([...odd.down]).toEqual([1]);
  });

  it("tells the longest way to each job, also beside a circle", () => {
    expect([...depths(shape)].slice(-2)).toEqual([3, 4]);
    const round = shape_of({ rules: ["a"], number: [1, 2, 3], rule: [0, 0, 0], edges: [0, 1, 1, 2, 2, 1] });
    expect(depths(round)[0]).toBe(0);
  });
});

describe("columns", () => {
  it("are the longest ways of the rules", () => {
    const links = links_of(shape_of(six));
    expect([...columns_of(6, links, [0, 0, 0, 0, 0, 0])]).toEqual([0, 1, 1, 2, 3, 4]);
  });

  it("put first in a circle of rules what comes first in the plan", () => {
    const links = [
      { from: 0, to: 1, edges: 1 },
      { from: 1, to: 0, edges: 1 },
    ];
    expect([...columns_of(2, links, [0, 1])]).toEqual([0, 1]);
    expect([...columns_of(2, links, [1, 0])]).toEqual([1, 0]);
  });

  it("keep blocks apart, and near to what they are linked with", () => {
    const links = [
      { from: 0, to: 2, edges: 1 },
      { from: 1, to: 3, edges: 1 },
    ];
    const { y } = place([100, 100, 100, 100], Int32Array.of(0, 0, 1, 1), links, 10);
    expect(Math.abs((y[0] ?? 0) - (y[1] ?? 0))).toBeGreaterThanOrEqual(110);
    expect(y[2]).toBeCloseTo(y[0] ?? 0);
    expect(y[3]).toBeCloseTo(y[1] ?? 0);
  });

  it("give links that pass other columns a lane of their own there", () => {
    const links = links_of(shape_of(six));
    const { lanes, y } = place([300, 300, 300, 300, 60, 60], columns_of(6, links, []), links, 10);
    const far = links.findIndex(({ from, to }) => from === 0 && to === 5);
    expect(lanes[far]).toHaveLength(3);
    const [at = 0] = lanes[far] ?? [];
    for (const rule of [1, 2]) expect(at < (y[rule] ?? 0) || at > (y[rule] ?? 0) + 300).toBe(true);
  });
});

describe("the layout", () => {
  const laid = (graph: MadeGraph) => {
    const shape = shape_of(graph);
    return { shape, layout: lay_out(shape) };
  };

  it("gives each job a place of its own, within the block of its rule", () => {
    const { shape, layout } = laid(six);
    const seen = new Set<string>();
    for (let job = 0; job < shape.number.length; job++) {
      const { x, y } = place_of(layout, shape, job);
      const rule = shape.rule[job] ?? 0;
      seen.add(`${x} ${y}`);
      expect(x).toBeGreaterThanOrEqual(layout.x[rule] ?? 0);
      expect(x + cell.width).toBeLessThanOrEqual((layout.x[rule] ?? 0) + (layout.w[rule] ?? 0));
      expect(y + cell.height).toBeLessThanOrEqual((layout.y[rule] ?? 0) + (layout.h[rule] ?? 0));
    }
    expect(seen.size).toBe(shape.number.length);
    expect(overlapping(layout)).toEqual([]);
  });

  it("puts the jobs of a sample beside each other, however the plan names them", () => {
    const { shape, layout } = laid(shuffled(made_graph([12, 12, 12], [[], [0], [1]])));
    expect(slope(shape, layout)).toBe(0);
  });

  it("makes edges of a mixed plan much shorter than they were", () => {
    const { shape, layout } = laid(shuffled(large_graph(6_000, 24)));
    const before = { ...layout, ...by_rule(shape), slot: layout.slot.slice() };
    for (let rule = 0; rule < shape.rules.length; rule++) {
      for (let i = before.start[rule] ?? 0; i < (before.start[rule + 1] ?? 0); i++) {
        before.slot[before.order[i] ?? 0] = i - (before.start[rule] ?? 0);
      }
    }
    expect(slope(shape, layout)).toBeLessThan(slope(shape, before) * 0.6);
  });

  it("is about as high as wide, and breaks a rule of very many jobs into columns", () => {
    const { layout } = laid(made_graph([20_000, 20_000, 1], [[], [0], [1]]));
    expect(layout.height / layout.width).toBeGreaterThan(0.4);
    expect(layout.height / layout.width).toBeLessThan(2.5);
    expect([...laid(six).layout.rows].slice(0, 4)).toEqual([12, 12, 12, 12]);
  });

  it("stands a run without a plan in columns as its rules do", () => {
    const shape = shape_of({ rules: ["a", "b"], number: [1, 2, 3], rule: [0, 0, 1], edges: [] });
    const layout = lay_out(shape, [{ from: 0, to: 1, edges: 0 }]);
    expect(layout.x[1]).toBeGreaterThan(layout.x[0] ?? 0);
    expect(overlapping(lay_out(shape))).toEqual([]);
  });

  it("takes one job, and none", () => {
    expect(laid(made_graph([1], [[]])).layout.width).toBe(cell.width);
    expect(laid(made_graph([], [])).layout.height).toBe(0);
  });

  it("lays out 100,000 jobs of 60 rules, none upon another", () => {
    const graph = shuffled(large_graph());
    const { shape, layout } = laid(graph);
    expect(shape.number.length).toBe(100_000);
    expect(overlapping(layout)).toEqual([]);
    expect(new Set(layout.order).size).toBe(100_000);
    if (process.env.MEASURE)
      console.log(`${shape.up.length} edges, laid out in ${Math.round(layout.took)} ms`);
  });
});
