import { describe, expect, it } from "vitest";
import { run_search } from "../views/run/selection/search.ts";
import { sign_in_search } from "../views/signin/search.ts";
import { parse_search, stringify_search } from "./search_params.ts";

describe("what is chosen, in the URL", () => {
  it("reads and writes lists as repeated names", () => {
    const text = "?status=failed&status=running&q=rule:a";
    expect(stringify_search(parse_search(text))).toBe(text);
  });

  it("heals what is not allowed and leaves defaults out", () => {
    expect(
      run_search({ status: ["failed", "nonsense"], sort: "drop table", tab: "jobs", jobtab: "files" }),
    ).toEqual({
      status: ["failed"],
      jobtab: "files",
    });
  });

  it("leads to our own pages only after the sign-in", () => {
    expect(sign_in_search({ next: "//evil.example" })).toEqual({});
    expect(sign_in_search({ next: "/\\evil.example" })).toEqual({});
    expect(sign_in_search({ next: "https://evil.example" })).toEqual({});
    expect(sign_in_search({ next: "/runs/7?tab=log" })).toEqual({ next: "/runs/7?tab=log" });
  });
});
