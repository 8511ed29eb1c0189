import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/queries.ts";
import type { HeldLog } from "../api/tails.ts";
import type { Job, Page, Run, RunDetail, RunMessage } from "../api/types.ts";
import { a_detail, a_job, a_run, counts } from "../test/factories.ts";
import { Applier } from "./apply.ts";

const a_failure = {
  ...{ rule: "map", wildcards: {}, attempt: 1, exit_code: 1, signal: null, class: "nonzero_exit" as const },
  ...{ evidence: null, message: null, at: null },
};

type Pages<T> = { pages: Page<T>[]; pageParams: unknown[] };

const message = (detail: RunDetail, part: Partial<RunMessage> = {}): RunMessage => ({
  topic: `run:${detail.id}`,
  revision: detail.revision,
  now: new Date().toISOString(),
  run: detail,
  rules: [],
  jobs: [],
  resync: [],
  deleted: false,
  ...part,
});

describe("what the stream tells", () => {
  let cache: QueryClient;
  let applier: Applier;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    cache = new QueryClient();
    applier = new Applier(cache);
  });
  afterEach(() => {
    applier.stop();
    vi.useRealTimers();
  });
  const told = (id: string) => cache.getQueryData<RunDetail>(keys.detail(id));

  it("is written at most four times a second", async () => {
    const run = a_detail({ status: "running" });
    cache.setQueryData(keys.detail(run.id), run);
    let writes = 0;
    cache.getQueryCache().subscribe(({ type }) => {
      if (type === "updated") writes++;
    });
    for (let i = 0; i < 100; i++) {
      applier.keep("run", message({ ...run, revision: 2 + i, name: `n${i}` }));
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(300);
    expect(told(run.id)?.name).toBe("n99");
    // Each flush writes all messages that came since the one before.
    expect(writes).toBeLessThanOrEqual(100);
    const moments = new Set<number>();
    cache.getQueryCache().subscribe(() => moments.add(Date.now()));
    for (let i = 0; i < 100; i++) {
      applier.keep("run", message({ ...run, revision: 200 + i }));
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(moments.size).toBeLessThanOrEqual(5);
  });

  it("never takes back what is newer", async () => {
    const run = a_detail({ revision: 9, name: "new" });
    cache.setQueryData(keys.detail(run.id), run);
    applier.keep("run", message({ ...run, revision: 8, name: "old" }));
    await vi.advanceTimersByTimeAsync(300);
    expect(told(run.id)?.name).toBe("new");
  });

  it("waits for an answer on its way, and is applied after it", async () => {
    const run = a_detail({ revision: 1, name: "first" });
    let answer: (run: RunDetail) => void = () => {};
    void cache.fetchQuery({
      queryKey: keys.detail(run.id),
      queryFn: () =>
        new Promise<RunDetail>((done) => {
          answer = done;
        }),
    });
    applier.keep("run", message({ ...run, revision: 2, name: "second" }));
    await vi.advanceTimersByTimeAsync(300);
    answer(run);
    await vi.advanceTimersByTimeAsync(600);
    expect(told(run.id)?.name).toBe("second");
  });

  it("changes rows where they stand, and no others", async () => {
    const run = a_detail();
    const jobs = [a_job({ number: 1 }), a_job({ number: 2 })];
    const key = [
      ...keys.job_lists(run.id),
      { status: [], rule: [], wildcard: [], id: [], q: "", sort: "number" },
    ];
    cache.setQueryData<Page<Job>>(key, { items: jobs, next: null });
    applier.keep(
      "run",
      message(run, { jobs: [a_job({ number: 2, status: "running" }), a_job({ number: 3 })] }),
    );
    await vi.advanceTimersByTimeAsync(300);
    const after = cache.getQueryData<Page<Job>>(key)?.items ?? [];
    expect(after.map((job) => [job.number, job.status])).toEqual([
      [1, "planned"],
      [2, "running"],
    ]);
    expect(after[0]).toBe(jobs[0]);
  });

  it("asks again for a job that is shown with all that is known of it only when that job changed", async () => {
    const first_failure = { ...a_failure, number: 7 };
    const run = a_detail({ status: "running", first_failure });
    const key = [...keys.job(run.id, 7), "card"];
    cache.setQueryData(keys.detail(run.id), run);
    cache.setQueryData(key, {});
    const tell = async (part: Partial<RunMessage>) => {
      applier.keep("run", message({ ...run, revision: ++run.revision }, part));
      await vi.advanceTimersByTimeAsync(10_000);
      return cache.getQueryState(key)?.isInvalidated;
    };
    expect(await tell({ jobs: [a_job({ number: 8, status: "running" })] })).toBe(false);
    expect(await tell({ jobs: [a_job({ number: 8, status: "succeeded" })] })).toBe(false);
    expect(await tell({ jobs: [a_job({ number: 7, status: "failed" })] })).toBe(true);
    cache.setQueryData(key, {});
    expect(await tell({ resync: ["jobs"] })).toBe(true);
  });

  it("asks of a run at rest only how it stands, and for all else of one that was heard of just now", async () => {
    for (const [seconds, asked_again] of [
      [600, false],
      [10, true],
    ] as const) {
      const heard = new Date(Date.now() - seconds * 1000).toISOString();
      const run = a_detail({ status: "failed", last_heard_at: heard, now: new Date().toISOString() });
      let asked = 0;
      const ask = () => {
        asked++;
        return Promise.resolve(run);
      };
      const seen = new QueryObserver(cache, { queryKey: keys.detail(run.id), queryFn: ask });
      const unsubscribe = seen.subscribe(() => {});
      await vi.advanceTimersByTimeAsync(10);
      const jobs = [...keys.job_lists(run.id), { status: [], sort: "status" }, 0];
      cache.setQueryData(jobs, { items: [], next: null });
      void applier.fresh([`run:${run.id}`]);
      applier.keep("run", message(run, { rules: run.rules }));
      await vi.advanceTimersByTimeAsync(5000);
      expect(asked).toBe(asked_again ? 3 : 2);
      expect(cache.getQueryState(jobs)?.isInvalidated).toBe(asked_again);
      unsubscribe();
    }
  });

  it("is held while paused, and shown afterwards", async () => {
    const run = a_detail({ name: "before" });
    cache.setQueryData(keys.detail(run.id), run);
    applier.pause(true);
    applier.keep("run", message({ ...run, revision: 2, name: "after" }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(told(run.id)?.name).toBe("before");
    applier.pause(false);
    await vi.advanceTimersByTimeAsync(300);
    expect(told(run.id)?.name).toBe("after");
  });

  it("asks for the list again only when a run came, went or changed its status", async () => {
    const run = a_run({ jobs: counts(["running"]) });
    const key = [...keys.run_lists, { status: [], tag: [], q: "" }];
    cache.setQueryData<Pages<Run>>(key, { pages: [{ items: [run], next: null }], pageParams: [""] });
    const tell = async (runs: Run[]) => {
      applier.keep("runs", {
        topic: "runs",
        now: new Date().toISOString(),
        runs,
        deleted: [],
        resync: false,
      });
      await vi.advanceTimersByTimeAsync(3000);
      return cache.getQueryState(key)?.isInvalidated;
    };
    expect(await tell([{ ...run, revision: 2, progress: 0.5 }])).toBe(false);
    expect(cache.getQueryData<Pages<Run>>(key)?.pages[0]?.items[0]?.progress).toBe(0.5);
    expect(await tell([{ ...run, revision: 3, status: "failed" }])).toBe(true);
  });

  it("brings new runs into the list only while nobody points at its rows", async () => {
    const key = [...keys.run_lists, { status: [], tag: [], q: "" }];
    cache.setQueryData<Pages<Run>>(key, { pages: [{ items: [], next: null }], pageParams: [""] });
    const rows = document.createElement("div");
    rows.dataset.pointedAt = String(Date.now());
    vi.spyOn(document, "querySelector").mockReturnValue(rows); // nothing hovers here
    const now = new Date().toISOString();
    applier.keep("runs", { topic: "runs", now, runs: [a_run()], deleted: [], resync: false });
    await vi.advanceTimersByTimeAsync(3000);
    expect(cache.getQueryState(key)?.isInvalidated).toBe(false);
    await vi.advanceTimersByTimeAsync(6000);
    expect(cache.getQueryState(key)?.isInvalidated).toBe(true);
    vi.restoreAllMocks();
  });

  it("adds to a log what follows it, and asks where something is missing", async () => {
    const topic = "log:r:1:1:0";
    const now = new Date().toISOString();
    const base = { state: "live", size: 8, note: null, read_at: now, now } as const;
    const held: HeldLog = {
      ...base,
      ...{
        generation: 5,
        anew: true,
        start: 0,
        stop: 4,
        text: "one\n",
        path: "a.log",
        attempt: 1,
        first_line: 1,
      },
    };
    cache.setQueryData(keys.tail(topic), held);
    const tell = async (part: object) => {
      applier.keep("log", { topic, ...base, generation: 5, anew: false, ...part });
      await vi.advanceTimersByTimeAsync(300);
      return cache.getQueryData<HeldLog>(keys.tail(topic))?.text;
    };
    expect(await tell({ start: 4, stop: 8, text: "two\n" })).toBe("one\ntwo\n");
    expect(await tell({ start: 8, stop: 8, text: "" })).toBe("one\ntwo\n");
    expect(cache.getQueryState(keys.tail(topic))?.isInvalidated).toBe(false);
    expect(await tell({ start: 12, stop: 16, text: "four\n" })).toBe("one\ntwo\n");
    expect(cache.getQueryState(keys.tail(topic))?.isInvalidated).toBe(true);
    expect(await tell({ start: 0, stop: 4, text: "new\n", generation: 6, anew: true })).toBe("new\n");
    // Nobody watched any more, so that nothing is held there: what was read stays.
    expect(await tell({ state: "over", generation: 0, anew: true, start: 0, stop: 0, text: "" })).toBe(
      "new\n",
    );
    expect(cache.getQueryData<HeldLog>(keys.tail(topic))?.state).toBe("over");
  });
});
