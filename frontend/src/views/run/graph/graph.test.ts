import { describe, expect, it } from "vitest";
import { counts } from "../../../test/factories.ts";
import { run_search } from "../selection/search.ts";
import { drawing } from "./drawing.ts";
import { boxes_of, folded_of, folds_of, type Link, many_rules, told_folds } from "./fold.ts";
import { type Layout, link_key } from "./layout.ts";
import { found_in, marks_of } from "./marks.ts";
import { Ways } from "./reach.ts";
import { kinds_text, reasons_text, sum_reasons } from "./reasons.ts";

const links_of = (text: string): Link[] =>
  text.split(" ").map((pair) => {
    const [source = "", target = ""] = pair.split(">");
    return { source, target };
  });
const rules_of = (links: Link[]) => [...new Set(links.flatMap(({ source, target }) => [source, target]))];
const folded = (text: string) => {
  const links = links_of(text);
  return folds_of(rules_of(links), links).map(({ rules }) => rules);
};

describe("folds", () => {
  it("takes rules of one prefix, and chains of what is left", () => {
    expect(folded("qc_a>qc_b qc_a>qc_c qc_b>end qc_c>end a>b b>c c>end")).toEqual([
      ["qc_a", "qc_b", "qc_c"],
      ["a", "b", "c"],
    ]);
  });

  it("leaves what branches, what is short, and a prefix that nearly all have", () => {
    expect(folded("a>b a>c b>d c>d")).toEqual([]);
    expect(folded("x_a>x_b x_a>x_c x_b>x_d x_c>x_d")).toEqual([]);
  });

  it("makes no circle: a part before and a part behind another rule are two folds or none", () => {
    expect(folded("p_1>p_2 p_2>p_3 p_3>mid mid>p_4 mid>other other>p_5 p_4>p_5 a>mid b>mid c>mid")).toEqual([
      ["p_1", "p_2", "p_3"],
    ]);
  });

  it("draws a fold as one box, and each link between boxes once", () => {
    const links = links_of("qc_a>x qc_b>x qc_c>x x>y y>x2 x>y2");
    const folds = folds_of(rules_of(links), links);
    const all = new Set(folds.map(({ id }) => id));
    const made = boxes_of(rules_of(links), links, folds, all);
    expect(made.boxes.map(({ title }) => title)).toEqual(["qc_*", "x", "y", "x2", "y2"]);
    expect(made.links).toHaveLength(4);
    expect(boxes_of(rules_of(links), links, folds, new Set()).boxes).toHaveLength(7);
  });
});

describe("folds in an address", () => {
  const folds = ["prefix/a", "prefix/b", "chain/c", "chain/d"].map((id) => ({ id, title: id, rules: [] }));
  const ids = folds.map(({ id }) => id);
  const [few, many] = [many_rules - 1, many_rules];

  it("says nothing where all is as it opens", () => {
    expect(told_folds(new Set(), folds, few)).toBeUndefined();
    expect(told_folds(new Set(ids), folds, many)).toBeUndefined();
    expect(told_folds(new Set(), [], many)).toBeUndefined();
    expect(folded_of(undefined, folds, few)).toEqual(new Set());
    expect(folded_of(undefined, folds, many)).toEqual(new Set(ids));
  });

  it("says how all stand and what stands otherwise, in the fewest words", () => {
    expect(told_folds(new Set(["chain/c"]), folds, few)).toEqual(["none", "chain/c"]);
    expect(told_folds(new Set(["chain/c"]), folds, many)).toEqual(["none", "chain/c"]);
    expect(told_folds(new Set(ids.slice(1)), folds, few)).toEqual(["all", "prefix/a"]);
    expect(told_folds(new Set(ids.slice(2)), folds, few)).toEqual(["none", "chain/c", "chain/d"]);
    expect(told_folds(new Set(ids.slice(2)), folds, many)).toEqual(["all", "prefix/a", "prefix/b"]);
    expect(told_folds(new Set(ids), folds, few)).toEqual(["all"]);
    expect(told_folds(new Set(), folds, many)).toEqual(["none"]);
  });

  it.each([few, many])("reads what it wrote, by way of the address (%i rules)", (rules) => {
    for (let bits = 0; bits < 16; bits++) {
      const folded = new Set(ids.filter((_, i) => bits & (1 << i)));
      const { folds: told } = run_search({ folds: told_folds(folded, folds, rules) });
      expect(folded_of(told, folds, rules)).toEqual(folded);
    }
  });

  it("passes over folds that are no more, and what is none", () => {
    expect(folded_of(["all", "prefix/gone", "prefix/a"], folds, few)).toEqual(new Set(ids.slice(1)));
    expect(folded_of(["none", "prefix/gone"], folds, many)).toEqual(new Set());
    expect(run_search({ folds: ["prefix/a"] })).toEqual({});
  });
});

const diamond = links_of("a>b a>c b>d c>d d>e x>c");
const places = new Map(
  Object.entries({ x: [200, 0], a: [0, 0], b: [0, 100], c: [200, 100], d: [100, 200], e: [100, 300] }).map(
    ([id, [x = 0, y = 0]]) => [id, { x, y, width: 100, height: 50 }],
  ),
);

describe("ways through the graph", () => {
  const ways = new Ways(diamond);
  it("knows what leads to a box and what follows", () => {
    const { up, down } = ways.reach(["c"]);
    expect([...up].sort()).toEqual(["a", "x"]);
    expect([...down].sort()).toEqual(["d", "e"]);
  });

  it("goes along links with the arrow keys, and beside in a layer", () => {
    expect(ways.step("c", "ArrowUp", places)).toBe("x");
    expect(ways.step("c", "ArrowDown", places)).toBe("d");
    expect(ways.step("c", "ArrowLeft", places)).toBe("b");
    expect(ways.step("c", "ArrowRight", places)).toBeUndefined();
    expect(ways.step("e", "ArrowDown", places)).toBeUndefined();
  });
});

describe("what stands out", () => {
  const made = boxes_of(rules_of(diamond), diamond, [], new Set());
  const ways = new Ways(made.links);

  it("is what leads to the selection and from it, with the links on the way", () => {
    const marks = marks_of(made, ways, null, new Set(["b"]), { b: 3 });
    expect([...marks.dimmed].sort()).toEqual(["c", "x"]);
    expect([...marks.lit].sort()).toEqual(
      [link_key("a", "b"), link_key("b", "d"), link_key("d", "e")].sort(),
    );
  });

  it("goes by the box under the pointer before the selection", () => {
    expect([...marks_of(made, ways, "x", new Set(["b"]), null).dimmed].sort()).toEqual(["a", "b"]);
  });

  it("is what has jobs of the selection where no rule is chosen", () => {
    const marks = marks_of(made, ways, null, new Set(), { a: 1, e: 2 });
    expect([...marks.dimmed].sort()).toEqual(["b", "c", "d", "x"]);
    expect(marks.some).toBe(false);
  });

  it("finds rules in folded boxes too", () => {
    const box = { id: "prefix/qc_a", title: "qc_*", rules: ["qc_a", "qc_fastqc"], fold: null, folded: true };
    expect(found_in([box, ...made.boxes], " FASTQ ")).toEqual(["prefix/qc_a"]);
    expect(found_in(made.boxes, " ")).toEqual([]);
  });
});

describe("the picture", () => {
  const layout: Layout = {
    nodes: new Map([["a", { x: 0, y: 0, width: 140, height: 58 }]]),
    links: new Map(),
  };

  it("is XML whatever a rule is called, with bars of its jobs", () => {
    const jobs = counts(["succeeded", "failed", "planned"]);
    const name = 'a<b>&"\u0000\u0001c';
    const svg = drawing(
      "run <1>",
      [{ id: "a", title: name, counts: jobs, done: "1/3", took: "2 s", folded: false }],
      [],
      layout,
    );
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    expect(parsed.querySelector("parsererror")).toBeNull();
    expect(svg).not.toContain("a<b>");
    expect(svg).not.toContain("\u0001");
    expect(svg).toContain("#c2361a");
    expect(svg).toContain("#15803d");
  });
});

describe("reasons in words", () => {
  it("begins with the most frequent, and takes unknown ones as they are", () => {
    expect(reasons_text({ missing_output: 1, params_changed: 1312, the_moon: 2 }, 1315)).toBe(
      "1 312 jobs: parameters changed · 2: the moon · 1: output missing",
    );
    expect(reasons_text({ forced: 1 }, 1)).toBe("1 job: forced");
    expect(reasons_text({ forced: 3, always: 2 }, 4)).toBe(
      "3 jobs: forced · 2: always run · some for several reasons",
    );
    expect(kinds_text(["missing_output", "the_moon"])).toBe("output missing, the moon");
    expect(sum_reasons([{ forced: 1 }, { forced: 2, always: 1 }])).toEqual({ forced: 3, always: 1 });
  });
});
