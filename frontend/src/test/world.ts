/** A pretended server, for tests and for looking at pages (`vite --mode mock`). */
import type { Alike, Job, JobDetail, Run, RunDetail, RunMessage, TokenRead } from "../api/types.ts";
import { job_statuses } from "../theme/status.ts";
import { a_figures, a_job_detail, a_rule_detail, ago, an_id, counts } from "./factories.ts";
import { all_made_runs, type MadeRun, rehash } from "./made_runs.ts";

type TokenBody = { name: string; scope: "ingest"; expires_in_days: number | null };

export interface Answer {
  status: number;
  body?: unknown;
}

/** A log of a job: the copy of a failed attempt, else what a tool would have said by now. */
function a_log(job: JobDetail, which: string, query: URLSearchParams): Answer {
  const attempt = job.attempts.find((one) => String(one.attempt) === query.get("attempt"));
  const path = which === "cluster" ? attempt?.cluster_log : job.logs[Number(which)];
  if (!attempt || !path) return problem(404, "Not found", "There is no such log.");
  const copy = attempt.logs.find((log) => log.path === path);
  const now = new Date().toISOString();
  const text =
    copy?.tail ??
    Array.from(
      { length: 400 },
      (_, i) => `[\x1b[32mINFO\x1b[0m] \x1b[2m${i}\x1b[0m reads of \x1b[1m${job.rule}\x1b[0m\n`,
    ).join("");
  const size = text.length;
  const read = { generation: 1, anew: true, start: 0, stop: size, text, size, read_at: now };
  const live = job.run_status === "running" || copy;
  return {
    status: 200,
    body: {
      ...(live ? read : { ...read, text: "", stop: 0, size: null, read_at: null, generation: 0 }),
      state: copy ? "kept" : live ? "live" : "over",
      ...{ note: copy?.note ?? null, now, path, attempt: attempt.attempt },
    },
  };
}

/** What a list of failures tells of a job's last attempt. */
const told_of = ({ attempts }: JobDetail) => {
  const last = attempts.at(-1);
  return {
    evidence: last?.evidence ?? null,
    log: last?.log ?? null,
    tails: last?.logs ?? [],
    inputs: last?.inputs ?? null,
  };
};

const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  body: { type: "about:blank", title, status, detail },
});

function page<T>(items: T[], query: URLSearchParams): Answer {
  const limit = Number(query.get("limit") ?? 50);
  const from = Number(query.get("cursor") ?? 0);
  const next = from + limit < items.length ? String(from + limit) : null;
  return { status: 200, body: { items: items.slice(from, from + limit), next } };
}

const row_of = (detail: RunDetail): Run => {
  const { id, name, status, tags, note, workflow, workspace, host, user, started_at, ended_at } = detail;
  const {
    last_heard_at,
    lost_since,
    dry_run,
    imported,
    jobs,
    progress,
    eta,
    first_failure,
    revision,
    clock_offset,
  } = detail;
  return {
    ...{ id, name, status, tags, note, workflow, workspace, host, user, started_at, ended_at },
    ...{
      last_heard_at,
      lost_since,
      dry_run,
      imported,
      jobs,
      progress,
      eta,
      first_failure,
      revision,
      clock_offset,
    },
  };
};

const sorters: Record<string, (job: Job) => number | string> = {
  number: (job) => job.number,
  rule: (job) => job.rule,
  status: (job) => job_statuses.indexOf(job.status),
  started_at: (job) => job.started_at ?? "",
  attempt: (job) => job.attempt,
  duration: (job) =>
    job.started_at && job.ended_at ? Date.parse(job.ended_at) - Date.parse(job.started_at) : 0,
};

export class World {
  signed_in = true;
  local = true;
  password = true;
  runs: MadeRun[];
  tokens: TokenRead[] = [];
  constructor(runs: MadeRun[] = all_made_runs()) {
    this.runs = runs;
  }

  answer(method: string, url: URL, body: unknown): Answer {
    const route = url.pathname.replace(/^.*\/api\/v1\//, "");
    const query = url.searchParams;
    if (route === "auth/config")
      return { status: 200, body: { version: "3.0.0", password: this.password, local: this.local } };
    if (route === "auth/login") {
      const right = String(body).includes("password=right");
      if (right) this.signed_in = true;
      return right ? { status: 204 } : problem(400, "Not signed in", "Name or password is not right.");
    }
    if (!this.signed_in) return problem(401, "Not signed in", "Sign in first.");
    if (route.startsWith("auth/logout")) {
      this.signed_in = false;
      return { status: 204 };
    }
    if (route === "me") {
      const workspaces = [{ id: an_id(), slug: "ada", name: "Ada", role: "owner" }];
      const now = new Date().toISOString();
      return {
        status: 200,
        body: {
          id: an_id(),
          name: "Ada Byron",
          email: "ada@lab.example",
          is_superuser: true,
          workspaces,
          now,
        },
      };
    }
    if (route === "first-run") return { status: 200, body: this.#first_run() };
    if (route === "demo") {
      this.runs.unshift(...all_made_runs().slice(0, 1));
      return { status: 202 };
    }
    if (route.startsWith("tokens")) return this.#tokens(method, route, body as TokenBody);
    if (route === "runs")
      return page(
        this.#filtered(query).map((run) => row_of(run.detail)),
        query,
      );
    if (route === "runs/facets") return { status: 200, body: this.#facets() };
    const [, id, ...rest] = route.split("/");
    const run = this.runs.find((one) => one.detail.id === id);
    if (!run) return problem(404, "Not found", "There is no such run.");
    return this.#of_run(method, run, rest, query, body);
  }

  #first_run() {
    return {
      url: "http://127.0.0.1:3100",
      host: "hpc-login2",
      runs: this.runs.length,
      demo: true,
      demo_running: false,
      socket: "/home/ada/.local/share/flowo/flowo.sock",
      data_dir: "/home/ada/.local/share/flowo",
      plugin: "snakemake-logger-plugin-flowo==3.0.0",
    };
  }

  #siblings(run: MadeRun) {
    const same = this.runs.filter(({ detail }) => detail.workflow === run.detail.workflow).reverse();
    const at = same.indexOf(run);
    const from = Math.max(0, Math.min(at - 10, same.length - 20));
    return {
      items: same.slice(from, from + 20).map(({ detail }) => ({
        ...{ id: detail.id, name: detail.name, status: detail.status, jobs: detail.jobs },
        ...{ started_at: detail.started_at, ended_at: detail.ended_at, clock_offset: detail.clock_offset },
        seconds:
          detail.started_at && detail.ended_at
            ? (Date.parse(detail.ended_at) - Date.parse(detail.started_at)) / 1000
            : null,
      })),
      previous: same[at - 1]?.detail.id ?? null,
      next: same[at + 1]?.detail.id ?? null,
    };
  }

  #alike({ jobs, detail }: MadeRun): Alike[] {
    const failed = jobs.filter((job) => job.status === "failed");
    const [first] = failed;
    if (!first) return [];
    const seen = this.runs
      .filter((other) => other.detail !== detail && other.detail.status === "failed")
      .slice(0, 2);
    return [
      {
        ...{
          signature: "6acad450735b3f6b",
          count: failed.length,
          rule: first.rule,
          class: "oom",
          exit_code: 137,
        },
        ...{
          signal: null,
          evidence: "slurm: OUT_OF_MEMORY",
          line: "java.lang.OutOfMemoryError: Java heap space",
          last_line: null,
        },
        ...{ first_at: first.ended_at, last_at: failed.at(-1)?.ended_at ?? null },
        jobs: failed.slice(0, 12).map(({ number, wildcards }) => ({ number, wildcards })),
        seen: seen.map(({ detail: { id, name, started_at, clock_offset } }) => ({
          ...{ id, name, started_at, clock_offset, count: 2 },
        })),
        seen_total: seen.length,
      },
    ];
  }

  #facets() {
    const status: Record<string, number> = {};
    const tags = new Map<string, number>();
    for (const { detail } of this.runs) {
      status[detail.status] = (status[detail.status] ?? 0) + 1;
      for (const tag of detail.tags) tags.set(tag, (tags.get(tag) ?? 0) + 1);
    }
    return { total: this.runs.length, status, tags: [...tags].map(([tag, runs]) => ({ tag, runs })) };
  }

  #filtered(query: URLSearchParams): MadeRun[] {
    const status = query.getAll("status");
    const tag = query.getAll("tag");
    const q = (query.get("q") ?? "").toLowerCase();
    return this.runs.filter(
      ({ detail }) =>
        (status.length === 0 || status.includes(detail.status)) &&
        tag.every((one) => detail.tags.includes(one)) &&
        detail.name.toLowerCase().includes(q),
    );
  }

  #tokens(method: string, route: string, body: TokenBody) {
    if (method === "GET") return page(this.tokens, new URLSearchParams());
    if (method === "DELETE") {
      this.tokens = this.tokens.filter((token) => !route.endsWith(token.id));
      return { status: 204 };
    }
    const days = body.expires_in_days;
    const token: TokenRead = {
      id: an_id(),
      name: body.name,
      scope: body.scope,
      workspace: null,
      last4: "x7Qd",
      created_at: ago(0),
      expires_at: days === null ? null : ago(-days * 86_400),
      last_used_at: null,
    };
    this.tokens.unshift(token);
    return { status: 201, body: { ...token, token: "flowo_2f9QpLkTz0aVb7NsXw81RmEyHcJd4UgK3iox7Qd" } };
  }

  #jobs(run: MadeRun, query: URLSearchParams): Job[] {
    const status = query.getAll("status");
    const rule = query.getAll("rule");
    const q = (query.get("q") ?? "").toLowerCase();
    const id = query.getAll("id");
    const wild = new Map<string, string[]>();
    for (const pair of query.getAll("wildcard")) {
      const at = pair.indexOf(":");
      wild.set(pair.slice(0, at), [...(wild.get(pair.slice(0, at)) ?? []), pair.slice(at + 1)]);
    }
    const found = run.jobs.filter(
      (job) =>
        (id.length === 0 || id.includes(String(job.number)) || id.includes(job.external_id ?? "")) &&
        [...wild].every(([name, values]) => values.includes(job.wildcards[name] ?? "")) &&
        (status.length === 0 || status.includes(job.status)) &&
        (rule.length === 0 || rule.includes(job.rule)) &&
        `${job.rule} ${Object.values(job.wildcards).join(" ")} ${job.number}`.toLowerCase().includes(q),
    );
    const sort = query.get("sort") ?? "number";
    const by = sorters[sort.replace("-", "")] ?? sorters.number;
    const sign = sort.startsWith("-") ? -1 : 1;
    return by ? [...found].sort((a, b) => sign * (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0)) : found;
  }

  #of_run(method: string, run: MadeRun, rest: string[], query: URLSearchParams, body: unknown): Answer {
    const [what, which] = rest;
    const { detail, jobs } = run;
    detail.now = new Date().toISOString();
    if (what === undefined) {
      if (method === "DELETE") {
        this.runs = this.runs.filter((one) => one !== run);
        return { status: 204 };
      }
      if (method === "PATCH") Object.assign(detail, body, { revision: detail.revision + 1 });
      return { status: 200, body: detail };
    }
    if (what === "siblings") return { status: 200, body: this.#siblings(run) };
    if (what === "end") {
      for (const job of jobs) {
        if (job.status === "running") job.status = "aborted";
        if (job.status === "queued" || job.status === "planned") job.status = "skipped";
      }
      Object.assign(detail, { status: "failed", ended_at: detail.lost_since, lost_since: null });
      detail.revision++;
      rehash(run);
      return { status: 200, body: detail };
    }
    if (what === "jobs" && which === "count") {
      const found = this.#jobs(run, query);
      const rules: Record<string, number> = {};
      for (const job of found) rules[job.rule] = (rules[job.rule] ?? 0) + 1;
      return { status: 200, body: { count: found.length, rules } };
    }
    if (what === "wildcards") {
      const name = query.get("name");
      const typed = query.get("q") ?? "";
      const pairs = jobs.flatMap((job) => Object.entries(job.wildcards).map((pair) => pair.join("\0")));
      const items = [...new Set(pairs)]
        .map((pair) => pair.split("\0"))
        .map(([one, value]) => ({ name: one ?? "", value: value ?? "" }))
        .filter((one) => (name === null || one.name === name) && one.value.startsWith(typed));
      return { status: 200, body: { items: items.slice(0, Number(query.get("limit") ?? 20)) } };
    }
    if (what === "jobs" && which !== undefined) {
      const job = jobs.find((one) => String(one.number) === which);
      if (job && rest[2] === "neighbours") {
        const list = this.#jobs(run, query);
        const at = list.indexOf(job);
        const [before, next] = at < 0 ? [null, list[0]] : [list[at - 1], list[at + 1]];
        return { status: 200, body: { before: before?.number ?? null, next: next?.number ?? null } };
      }
      if (job && rest[2] === "logs") return a_log(a_job_detail(job, detail, jobs), rest[3] ?? "0", query);
      return job
        ? { status: 200, body: a_job_detail(job, detail, jobs) }
        : problem(404, "Not found", "There is no such job.");
    }
    if (what === "jobs") return page(this.#jobs(run, query), query);
    if (what === "rulegraph") return { status: 200, body: { nodes: detail.rules, links: run.links } };
    if (what === "rules" && which === undefined) return { status: 200, body: a_figures(detail) };
    if (what === "rules" && which !== undefined) {
      return { status: 200, body: a_rule_detail(decodeURIComponent(which)) };
    }
    if (what === "log") {
      const since = Number(query.get("since") ?? -1);
      return page(
        run.log.filter((line) => line.seq > since),
        query,
      );
    }
    if (what === "rerun")
      return {
        status: 200,
        body: {
          command:
            "cd /data/projects/rna7 && snakemake -c 16 --rerun-incomplete --until results/call_variants/A1.bam",
          ...{ jobs: detail.jobs.failed, whole_rules: detail.jobs.failed > 40, masked: false },
        },
      };
    if (what === "failures" && which === "groups") return page(this.#alike(run), query);
    if (what === "failures") {
      const failed = this.#jobs(run, query).filter((job) => job.status === "failed");
      const told = failed.map((job) => ({
        ...{ number: job.number, rule: job.rule, wildcards: job.wildcards, attempt: job.attempt },
        ...{ exit_code: 137, signal: null, class: "oom", message: null, at: job.ended_at },
        ...told_of(a_job_detail(job, detail, jobs)),
        job_status: job.status,
        logs: ["logs/a.log"],
        command: "gatk HaplotypeCaller -R genome.fa",
        attempts: job.attempt,
      }));
      return page(told, query);
    }
    return problem(404, "Not found", "There is nothing at this address.");
  }

  /** One moment of the running runs: some jobs end, some start. What the stream would tell of each. */
  step(): RunMessage[] {
    const told: RunMessage[] = [];
    for (const run of this.runs) {
      if (run.detail.status !== "running" || run.jobs.length === 0) continue;
      const open = run.jobs.filter((job) => job.status === "running");
      const moved: Job[] = open.filter(() => Math.random() < 0.12);
      const now = new Date().toISOString();
      for (const job of moved) Object.assign(job, { status: "succeeded", ended_at: now });
      const waiting = run.jobs.filter((job) => job.status === "queued").slice(-Math.max(1, moved.length));
      for (const job of open.length - moved.length < 5 ? waiting : []) {
        Object.assign(job, { status: "running", attempt: 1, started_at: now });
        moved.push(job);
      }
      for (const job of run.jobs.filter((one) => one.status === "planned").slice(-2)) {
        Object.assign(job, { status: "queued", queued_at: now });
        moved.push(job);
      }
      if (moved.length === 0) continue;
      run.detail.revision++;
      run.log.push({
        seq: (run.log.at(-1)?.seq ?? 0) + 1,
        at: now,
        level: "info",
        text: `${counts(run.jobs.map((job) => job.status)).succeeded} of ${run.jobs.length} steps done`,
        job: null,
      });
      rehash(run);
      if (run.detail.jobs.succeeded + run.detail.jobs.failed === run.jobs.length) {
        Object.assign(run.detail, {
          status: run.detail.jobs.failed ? "failed" : "succeeded",
          ended_at: now,
          eta: null,
        });
      }
      const rules = new Set(moved.map((job) => job.rule));
      told.push({
        topic: `run:${run.detail.id}`,
        revision: run.detail.revision,
        now,
        run: row_of(run.detail),
        rules: run.detail.rules.filter((rule) => rules.has(rule.rule)),
        jobs: moved.map((job) => ({ ...job })),
        resync: [],
        deleted: false,
      });
    }
    return told;
  }
}
