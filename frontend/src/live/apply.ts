import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { log_since } from "../api/actions.ts";
import { figures_key } from "../api/figures.ts";
import { graph_key, type JobGraph } from "../api/graph.ts";
import { type JobFilter, keys } from "../api/queries.ts";
import { matches_key, type Spans, spans_key, tell_spans, values_key } from "../api/spans.ts";
import { type HeldLog, joined } from "../api/tails.ts";
import type {
  Job,
  LogLine,
  LogMessage,
  Page,
  Resync,
  RuleCounts,
  RuleGraph,
  Run,
  RunDetail,
  RunMessage,
  RunsMessage,
} from "../api/types.ts";
import { heard_now } from "../ui/clock.ts";
import { at_rest, told_jobs } from "./held.ts";
import { pointed_at, Refresher } from "./refresh.ts";
import { append_lines, change_page, change_rows, merge_rules, type Pages } from "./rows.ts";

const repaint_ms = 250;
const list_ms = 2000;
const grid_ms = 4000; // one answer for the whole run
const hold_ms = 2000;
const figures_ms = 15_000; // the server counts all jobs for them
const still_ms = 5000;
/** Columns of all attempts are asked for again the more seldom the more there are. */
const whole_ms = (held: Spans | undefined, least: number, for_each: number) =>
  Math.max(least, (held?.size ?? 0) * for_each);

type Kept = { heard: number } & (
  | { event: "run"; data: RunMessage }
  | { event: "runs"; data: RunsMessage }
  | { event: "log"; data: LogMessage }
);

/** The one writer of what the stream brings into the cache: at most four times a second, and not while paused. */
export class Applier {
  readonly #cache: QueryClient;
  readonly #refresh: Refresher;
  readonly #rested = new Map<string, number>();
  #kept: Kept[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #paused = false;

  constructor(cache: QueryClient) {
    this.#cache = cache;
    this.#refresh = new Refresher(cache);
  }

  keep(event: string, data: unknown) {
    if (event === "hello") heard_now((data as { now: string }).now);
    if (event === "resync") {
      const { topic } = data as Resync;
      // Told to whoever reads slowly: asking for everything each time would make that worse.
      this.#refresh.soon(["resync", topic], list_ms, () => this.#anew(topic), true);
    }
    if (event !== "run" && event !== "runs" && event !== "log") return;
    heard_now((data as { now: string }).now);
    this.#kept.push({ event, data, heard: Date.now() } as Kept);
    this.#schedule();
  }

  /** What is held of these may be older than what the stream tells next: asked for again, but for a run at rest. */
  async fresh(topics: string[]) {
    const ask = async (topic: string) => {
      const rested = topic.startsWith("run:") ? await at_rest(this.#cache, topic.slice(4)) : null;
      if (rested === null) await this.#anew(topic);
      else this.#rested.set(topic, rested);
    };
    await Promise.all(topics.map(ask));
  }

  async #anew(topic: string) {
    const all = [keys.run, figures_key, graph_key, spans_key, matches_key, values_key];
    const stale: QueryKey[] = topic.startsWith("log:")
      ? [keys.tail(topic)]
      : topic === "runs"
        ? [keys.runs]
        : all.map((key) => key(topic.slice(4)));
    await Promise.all(stale.map((queryKey) => this.#cache.invalidateQueries({ queryKey })));
  }

  pause(paused: boolean) {
    this.#paused = paused;
    if (!paused) this.#schedule();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#refresh.stop();
  }

  #schedule(at_least = 0) {
    if (this.#paused || this.#timer !== undefined) return;
    const wait = Math.max(at_least, this.#last + repaint_ms - Date.now());
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush() {
    this.#timer = undefined;
    if (this.#paused) return;
    this.#last = Date.now();
    const later: Kept[] = [];
    for (const kept of this.#kept) {
      // An answer on its way may be older than this message and would overwrite it: first the answer, then the message.
      if (this.#asking(kept) && Date.now() - kept.heard < hold_ms) later.push(kept);
      else if (kept.event === "run") this.#apply_run(kept.data);
      else if (kept.event === "log") this.#apply_log(kept.data);
      else this.#apply_runs(kept.data);
    }
    this.#kept = later;
    if (later.length > 0) this.#schedule(repaint_ms);
  }

  #asking(kept: Kept): boolean {
    const { topic } = kept.data;
    const queryKey =
      kept.event === "runs" ? keys.runs : kept.event === "log" ? keys.tail(topic) : keys.run(topic.slice(4));
    return this.#cache.isFetching({ queryKey }) > 0;
  }

  #apply_log(message: LogMessage) {
    const key = keys.tail(message.topic);
    const held = this.#cache.getQueryData<HeldLog>(key);
    const next = joined(held, message);
    if (next) this.#cache.setQueryData(key, next);
    else if (held) void this.#cache.invalidateQueries({ queryKey: key });
  }

  #apply_runs(message: RunsMessage) {
    const gone = new Set(message.deleted);
    const news = new Map(message.runs.map((run) => [run.id, run]));
    let moved = message.resync || gone.size > 0;
    const seen = new Set<string>();
    this.#cache.setQueriesData<Pages<Run>>({ queryKey: keys.run_lists }, (held) =>
      change_rows(held, (row) => {
        seen.add(row.id);
        const next = news.get(row.id);
        if (!next || next.revision < row.revision) return row;
        if (next.status !== row.status || next.tags.join() !== row.tags.join()) moved = true;
        return next;
      }),
    );
    if (message.runs.some((run) => !seen.has(run.id))) moved = true;
    for (const run of message.runs) this.#merge_run(run.id, run, [], message.now);
    if (moved) {
      this.#refresh_order(keys.run_lists, list_ms);
      this.#refresh.soon(keys.facets, list_ms);
      this.#refresh.soon(keys.first_run, list_ms);
    }
  }

  #apply_run(message: RunMessage) {
    const id = message.topic.slice(4);
    if (message.deleted) {
      void this.#cache.invalidateQueries({ queryKey: keys.run(id) });
      return;
    }
    // The stream begins with how things stand, which is no news of a run at rest.
    if (message.revision <= (this.#rested.get(message.topic) ?? -1)) return;
    const before = this.#cache.getQueryData<RunDetail>(keys.detail(id));
    if (message.run) this.#merge_run(id, message.run, message.rules, message.now);
    if (message.rules.length > 0) this.#count_rules(id, message.rules);
    this.#change_jobs(id, message);
    this.#change_spans(id, message, before);
    const counted = message.rules.length > 0 || message.resync.includes("jobs");
    if (counted) {
      this.#refresh_job_lists(id, message, before);
      this.#refresh.soon(keys.grid(id), grid_ms);
      this.#refresh.soon(figures_key(id), figures_ms);
    }
    if (message.resync.includes("graph")) {
      this.#refresh.soon(keys.rulegraph(id), list_ms);
      this.#refresh.soon(graph_key(id), grid_ms);
    }
    if (message.resync.includes("run")) this.#refresh.soon(keys.detail(id), list_ms);
    const after = message.run;
    if (before && after) {
      if (before.jobs.failed !== after.jobs.failed || before.status !== after.status) {
        this.#refresh.soon(keys.failures(id), 1000);
      }
      // The detail says more than the row: how it ended, which wildcards there are, why nothing runs.
      if (stands(before) !== stands(after) || before.jobs.total !== after.jobs.total) {
        this.#refresh.soon(keys.detail(id), 1000);
      }
      // Jobs that were never tried change with their run only: they are skipped, or are more than there were.
      if (before.status !== after.status || before.jobs.total !== after.jobs.total) {
        this.#refresh.soon(graph_key(id), grid_ms);
      }
    }
    this.#refresh.soon(keys.log(id), 1000, () => void this.#follow_log(id));
  }

  #merge_run(id: string, run: Run, rules: RuleCounts[], now: string) {
    this.#cache.setQueryData<RunDetail>(keys.detail(id), (held) => {
      if (!held || run.revision < held.revision) return held;
      // Why nothing runs is known only while that is so.
      const waiting = stands(run) === stands(held) ? held.waiting : null;
      return { ...held, ...run, now, waiting, rules: merge_rules(held.rules, rules) };
    });
  }

  #count_rules(id: string, rules: RuleCounts[]) {
    const held = this.#cache.getQueryData<RuleGraph>(keys.rulegraph(id));
    if (!held) return;
    const known = new Set(held.nodes.map((node) => node.rule));
    if (rules.some(({ rule }) => !known.has(rule))) this.#refresh.soon(keys.rulegraph(id), list_ms);
    this.#cache.setQueryData<RuleGraph>(keys.rulegraph(id), {
      ...held,
      nodes: merge_rules(held.nodes, rules).filter(({ rule }) => known.has(rule)),
    });
  }

  /** Rows that are shown change where they stand; which rows belong to a list only the server says. */
  #change_jobs(id: string, { jobs, resync }: RunMessage) {
    const all = resync.includes("jobs");
    if (jobs.length === 0 && !all) return;
    const news = new Map(jobs.map((job) => [job.number, job]));
    this.#cache.setQueriesData<Page<Job>>(
      { queryKey: keys.job_lists(id) },
      (held) => held && change_page(held, (row) => news.get(row.number) ?? row),
    );
    for (const number of told_jobs(this.#cache, id)) {
      if (all || news.has(number)) this.#refresh.soon(keys.job(id, number), 1000);
    }
    // A log, or why it failed, may be told after the failure itself.
    if (all || jobs.some(({ status }) => status === "failed"))
      this.#refresh.soon(keys.failures(id), still_ms);
  }

  #change_spans(id: string, { jobs, resync, run }: RunMessage, before: RunDetail | undefined) {
    const thin = tell_spans(this.#cache, id, jobs);
    const anew = resync.includes("jobs");
    const held = this.#cache.getQueryData<Spans>(spans_key(id));
    if (anew) this.#refresh.soon(spans_key(id), whole_ms(held, grid_ms, 0.1));
    else if (thin) {
      const again = () => void this.#cache.invalidateQueries({ queryKey: spans_key(id) });
      this.#refresh.soon(["thin", id], whole_ms(held, figures_ms, 0.5), again);
    }
    // Without a plan the graph is of the jobs that were heard of: these are more now.
    if (thin && this.#cache.getQueryData<JobGraph>(graph_key(id))?.generation === 0) {
      this.#refresh.soon(graph_key(id), whole_ms(held, grid_ms, 0.1));
    }
    if (jobs.length > 0 || anew) this.#refresh.soon(matches_key(id), list_ms);
    if (anew || run?.jobs.total !== before?.jobs.total) this.#refresh.soon(values_key(id), grid_ms);
  }

  #refresh_job_lists(id: string, message: RunMessage, before: RunDetail | undefined) {
    const resized = message.run?.jobs.total !== before?.jobs.total;
    const all = resized || message.resync.includes("jobs");
    for (const query of this.#cache
      .getQueryCache()
      .findAll({ queryKey: keys.job_lists(id), type: "active" })) {
      const filter = query.queryKey[3] as JobFilter;
      const still = filter.status.length === 0 && /^-?(number|rule|threads|wildcard:.*)$/.test(filter.sort);
      if (still && !all) continue;
      this.#refresh_order(query.queryKey, list_ms);
    }
    // Asked for again by whoever needs them next.
    void this.#cache.invalidateQueries({ queryKey: keys.job_marks(id), refetchType: "none" });
    this.#refresh.soon(keys.job_counts(id), list_ms);
  }

  /** Rows change where they stand at once; they change places only while nobody points at them. */
  #refresh_order(key: QueryKey, every_ms: number) {
    this.#refresh.soon(key, every_ms, () => {
      if (!pointed_at()) return this.#cache.invalidateQueries({ queryKey: key });
      this.#refresh_order(key, every_ms);
      return undefined;
    });
  }

  async #follow_log(id: string) {
    const key = keys.log(id);
    const held = this.#cache.getQueryData<Pages<LogLine>>(key);
    const last = held?.pages.at(-1);
    if (!held || !last || last.next || this.#cache.isFetching({ queryKey: key })) return;
    const seq = held.pages.findLast((page) => page.items.length > 0)?.items.at(-1)?.seq ?? 0;
    try {
      const more = await log_since(id, seq);
      if (more.items.length === 0) return;
      this.#cache.setQueryData<Pages<LogLine>>(key, (now) => append_lines(now, seq, more));
      if (more.next) this.#refresh.soon(key, 200, () => void this.#follow_log(id));
    } catch {
      // The next message asks again.
    }
  }
}

/** Whether a run moves, waits with open jobs, or has an end: what the reason for waiting hangs on. */
const stands = ({ status, jobs }: Run) => `${status} ${jobs.running > 0} ${jobs.queued > 0}`;
