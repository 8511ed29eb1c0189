/** A pretended server for tests of views: in which state it is, and who answers what. Browsers are shown the real one. */
import type { TokenRead } from "../api/types.ts";
import { accounts, open_to_all } from "./answers/accounts.ts";
import { failures } from "./answers/failures.ts";
import { jobs } from "./answers/jobs.ts";
import { type Answer, finder, problem } from "./answers/route.ts";
import { runs } from "./answers/runs.ts";
import { whole } from "./answers/whole.ts";
import { type MadeRun, made_run } from "./made_runs.ts";

const find = finder({ ...accounts, ...runs, ...jobs, ...failures, ...whole });

export class World {
  signed_in = true;
  local = true;
  password = true;
  runs: MadeRun[];
  tokens: TokenRead[] = [];
  /** What was asked for and nobody answers: `visit` lets no test pass with any. */
  unanswered: string[] = [];
  constructor(runs: MadeRun[] = [made_run({ name: "rna-seq batch 7" }, { samples: 3, done: 1 })]) {
    this.runs = runs;
  }

  answer(method: string, url: URL, body: unknown): Answer {
    const found = find(method, url.pathname);
    if (!found) {
      this.unanswered.push(`${method} ${url.pathname}`);
      return problem(404, "Not found", "There is nothing at this address.");
    }
    const { route, at, tell } = found;
    if (!this.signed_in && !open_to_all.includes(route))
      return problem(401, "Not signed in", "Sign in first.");
    const run = this.runs.find(({ detail }) => detail.id === at.run_id);
    if (at.run_id !== undefined && !run) return problem(404, "Not found", "There is no such run.");
    if (run) run.detail.now = new Date().toISOString();
    return tell({ world: this, query: url.searchParams, at, run, body });
  }
}
