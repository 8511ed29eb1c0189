import { describe, expect, it } from "vitest";
import { run_search } from "./search.ts";
import { asked_values, suggestions, token_at } from "./suggest.ts";
import { quoted, tokens, understand, words_text } from "./terms.ts";

const known = { rules: ["map", "call variants"], wildcards: ["sample", "id", "lane"] };
const understood = (text: string) => {
  const { unclear, ...said } = understand(text, known);
  return { ...said, unclear: unclear.map(({ why }) => why) };
};
const nothing = { status: [], rule: [], wildcard: [], id: [], text: [], unclear: [] };

describe("what a search says", () => {
  it("takes keys, wildcards and words apart", () => {
    expect(understood("status:failed rule:map sample:A1 id:12345 text")).toEqual({
      ...nothing,
      status: ["failed"],
      rule: ["map"],
      wildcard: ["sample:A1"],
      id: ["12345"],
      text: ["text"],
    });
  });

  it("takes values in quotes, with quotes in them", () => {
    expect(understood('rule:"call variants" sample:"A 1" "two words" lane:"a \\"b\\" c" sample:a:b')).toEqual(
      {
        ...nothing,
        rule: ["call variants"],
        wildcard: ["sample:A 1", 'lane:a "b" c', "sample:a:b"],
        text: ["two words"],
      },
    );
  });

  it.each(["A1", "A 1", 'say "x"', "back\\slash and space", "", "a:b", 'x"y'])(
    "reads %j as it wrote it",
    (value) => {
      expect(tokens(`sample:${quoted(value)}`)).toMatchObject([{ key: "sample", value }]);
      if (value) expect(tokens(quoted(value, true))).toMatchObject([{ key: null, value }]);
    },
  );

  it("knows a wildcard that is called as one of its own keys", () => {
    expect(understood("id:7 wildcard.id:7")).toEqual({ ...nothing, id: ["7"], wildcard: ["id:7"] });
  });

  it.each([
    ["statsu:failed", /no wildcard here is called “statsu”/],
    ["status:fail", /“fail” is no status/],
    ["rule:mop", /no rule here is called “mop”/],
    ["sample:", /has no value yet/],
    ["http://x", /no wildcard here is called “http”/],
  ])("says that it did not understand %s", (text, why) => {
    const said = understood(`${text} word`);
    expect(said.unclear).toHaveLength(1);
    expect(said.unclear[0]).toMatch(why);
    expect(said).toEqual({ ...nothing, text: ["word"], unclear: said.unclear });
  });

  it("writes words as the server reads them", () => {
    expect(words_text(["a", "two words", "a:b", 'x"y'])).toBe('a "two words" "a:b" x"y');
    expect(words_text([])).toBeUndefined();
  });
});

describe("what the address holds", () => {
  it("heals what is no choice", () => {
    expect(
      run_search({ wildcard: ["sample:A1", "nothing", ":x"], id: "7", sort: "wildcard:sample" }),
    ).toEqual({
      wildcard: ["sample:A1"],
      id: ["7"],
      sort: "wildcard:sample",
    });
    expect(run_search({ wildcard: "nothing" })).toEqual({});
  });
});

describe("what is offered while one types", () => {
  const none = {
    total: 0,
    planned: 0,
    queued: 0,
    running: 0,
    succeeded: 0,
    failed: 2,
    aborted: 0,
    skipped: 0,
  };
  const run = {
    rules: known.rules.map((rule) => ({ rule, jobs: { ...none, total: 1200 }, mean_seconds: null })),
    jobs: none,
    wildcards: known.wildcards,
  };
  const terms = (text: string, values: { name: string; value: string }[] = []) =>
    suggestions(token_at(text, text.length), run, values).map(({ term, detail }) =>
      `${term} ${detail}`.trim(),
    );

  it("offers keys first, then what they hold", () => {
    expect(terms("")).toEqual([
      "status: how it stands",
      "rule: by name",
      "id: Snakemake's or the cluster's",
      "sample: wildcard",
      "wildcard.id: wildcard",
      "lane: wildcard",
    ]);
    expect(terms("s", [{ name: "sample", value: "S 1" }])).toEqual([
      "status: how it stands",
      "sample: wildcard",
      "status:succeeded none",
      "status:skipped none",
      'rule:"call variants" 1 200',
      'sample:"S 1"',
    ]);
    expect(terms("text status:f")).toEqual(["status:failed 2"]);
    expect(terms("rule:ma")).toEqual(["rule:map 1 200"]);
    expect(terms("wildcard.id:", [{ name: "id", value: "7" }])).toEqual(["wildcard.id:7"]);
  });

  it("asks the server for values of the wildcard that is named, or of all", () => {
    const asked = (text: string) => asked_values(token_at(text, text.length), known);
    expect(asked("x sample:A")).toEqual({ name: "sample", q: "A" });
    expect(asked("wildcard.id:")).toEqual({ name: "id", q: "" });
    expect(asked("A1")).toEqual({ name: null, q: "A1" });
    expect(asked("")).toBeNull();
    expect(asked("status:f")).toBeNull();
    expect(asked("x".repeat(501))).toBeNull();
  });
});
