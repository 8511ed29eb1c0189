import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../api/types.ts";
import { a_run, ago, counts } from "../test/factories.ts";
import { Herald } from "./herald.ts";
import { forget, want, wanted } from "./wanted.ts";

const shown: { title: string; body: string; tag: string }[] = [];

class Shown {
  static permission = "granted";
  onclick: (() => void) | null = null;
  constructor(title: string, { body, tag }: { body: string; tag: string }) {
    shown.push({ title, body, tag });
  }
  close() {}
}

const started = { started_at: ago(100), ended_at: null, status: "running" } as const;
const ended = { started_at: ago(100), ended_at: ago(10), status: "failed" } as const;
const of = (run: Run) => ({
  ...{
    topic: `run:${run.id}`,
    revision: 1,
    now: ago(0),
    run,
    rules: [],
    jobs: [],
    resync: [],
    deleted: false,
  },
});

let watched: string[] = [];
const made: Herald[] = [];
function a_herald(leads = true) {
  const herald = new Herald({
    leads: () => leads,
    watch: (topic) => {
      watched.push(topic);
      return () => {
        watched = watched.filter((one) => one !== topic);
      };
    },
    open: () => {},
  });
  made.push(herald);
  return herald;
}

beforeEach(() => {
  vi.stubGlobal("Notification", Shown);
  Shown.permission = "granted";
});
afterEach(() => {
  for (const herald of made.splice(0)) herald.stop();
  for (const id of Object.keys(wanted())) forget(id);
  shown.length = 0;
  watched = [];
});

describe("the end that was asked for", () => {
  it("is told once, by the tab that leads, however many tabs hear of it", () => {
    const run = a_run({
      ...ended,
      name: "cohort",
      jobs: { ...counts([]), total: 9, succeeded: 7, failed: 2 },
    });
    want(run.id);
    const tabs = [a_herald(false), a_herald(), a_herald(false)];
    for (const tab of tabs) tab.heard(of({ ...run, ...started }));
    expect(shown).toEqual([]);
    for (let again = 0; again < 2; again++) for (const tab of tabs) tab.heard(of(run));
    expect(shown).toEqual([
      { title: "cohort: failed", body: "7 of 9 done, 2 failed, after 1 min 30 s", tag: `flowo:${run.id}` },
    ]);
    expect(wanted()).toEqual({});
    expect(watched).toEqual([]);
  });

  it("is told of no run that nobody asked for", () => {
    a_herald().heard(of(a_run(ended)));
    expect(shown).toEqual([]);
  });

  it("is told of a lost run once, and again when it really ends", () => {
    const run = a_run({ ...started, name: "cohort" });
    want(run.id);
    const herald = a_herald();
    const lost = { ...run, status: "lost", lost_since: ago(5) } as const;
    for (const message of [lost, lost, run, { ...run, ...ended }]) herald.heard(of(message));
    expect(shown.map((one) => one.title)).toEqual(["cohort: lost", "cohort: failed"]);
  });

  it("lets a deleted run go, since a stream is for all its topics or none", async () => {
    vi.stubGlobal("fetch", async () => new Response("{}", { status: 404 }));
    const run = a_run(started);
    want(run.id);
    const herald = a_herald();
    expect(watched).toEqual([`run:${run.id}`]);
    herald.fresh([`run:${run.id}`]);
    await vi.waitFor(() => expect(watched).toEqual([]));
  });

  it("is forgotten in silence where the browser took its permission back", () => {
    const run = a_run(ended);
    want(run.id);
    Shown.permission = "denied";
    a_herald().heard(of(run));
    expect(shown).toEqual([]);
    expect(wanted()).toEqual({});
  });
});
