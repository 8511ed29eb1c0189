import { get, path, status_of } from "../api/client.ts";
import type { Run, RunMessage } from "../api/types.ts";
import { look_of } from "../theme/status.ts";
import { reason_of } from "../ui/failure.ts";
import { count, duration, wildcards_text } from "../ui/format.ts";
import { seconds_of } from "../ui/span.ts";
import { forget, on_wanted, want, wanted } from "./wanted.ts";

/** What a desktop notification says of a run that ended, or that nobody hears of. */
export function news_of(run: Run): { title: string; body: string } {
  const { jobs, first_failure: first } = run;
  const took = run.ended_at ? seconds_of(run, 0) : null;
  const lines = [
    [
      jobs.total > 0 && `${count(jobs.succeeded)} of ${count(jobs.total)} done`,
      jobs.failed > 0 && `${count(jobs.failed)} failed`,
      took != null && `after ${duration(Math.round(took))}`,
    ]
      .filter(Boolean)
      .join(", "),
    first && [first.rule, wildcards_text(first.wildcards), reason_of(first)].filter(Boolean).join(" "),
  ];
  return { title: `${run.name}: ${look_of(run.status).word}`, body: lines.filter(Boolean).join("\n") };
}

interface Surroundings {
  /** Whether this tab speaks for all tabs of the browser. */
  leads: () => boolean;
  watch: (topic: string) => () => void;
  open: (id: string) => void;
}

/**
 * Tells of the ends that people asked for. Every tab watches the runs, so that any may go; the one that leads tells. It goes
 * by what the stream brings and not by timers, which browsers slow down in tabs that nobody looks at.
 */
export class Herald {
  readonly #around: Surroundings;
  readonly #watched = new Map<string, () => void>();
  readonly #unsubscribe: () => void;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#unsubscribe = on_wanted(() => this.#watch());
    this.#watch();
  }

  stop() {
    this.#unsubscribe();
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  heard(message: RunMessage) {
    const id = message.topic.slice(4);
    if (message.deleted) forget(id);
    else if (message.run) this.#tell(message.run);
  }

  /** A stream is for all its topics or none: one that is gone has to be let go, or nothing would be heard any more. */
  fresh(topics: string[]) {
    if (!this.#around.leads()) return;
    for (const topic of topics) {
      if (this.#watched.has(topic.slice(4))) void this.#ask(topic.slice(4));
    }
  }

  async #ask(id: string) {
    try {
      this.#tell(await get<Run>(path(`runs/${encodeURIComponent(id)}`)));
    } catch (error) {
      if (status_of(error) === 404) forget(id);
    }
  }

  #watch() {
    const ids = Object.keys(wanted());
    for (const id of ids) {
      if (!this.#watched.has(id)) this.#watched.set(id, this.#around.watch(`run:${id}`));
    }
    for (const [id, unwatch] of this.#watched) {
      if (ids.includes(id)) continue;
      this.#watched.delete(id);
      unwatch();
    }
  }

  #tell(run: Run) {
    const told = wanted()[run.id];
    if (told === undefined || !this.#around.leads()) return;
    if (run.status === "running") {
      if (told) want(run.id); // it was lost, and is heard of again
      return;
    }
    if (run.status === told) return;
    // A lost run may come back and then really end.
    if (run.ended_at) forget(run.id);
    else want(run.id, run.status);
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const { title, body } = news_of(run);
    try {
      const shown = new Notification(title, { body, tag: `flowo:${run.id}` });
      shown.onclick = () => {
        window.focus();
        this.#around.open(run.id);
        shown.close();
      };
    } catch {
      // Browsers of telephones show none to pages.
    }
  }
}
