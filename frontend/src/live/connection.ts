import { path } from "../api/client.ts";
import type { Bye } from "../api/types.ts";
import { type Frame, frame_reader } from "./frames.ts";

export type LinkState = "connecting" | "live" | "reconnecting" | "signed-out";

export interface Told {
  event: string;
  data: unknown;
}

interface Heard {
  on_told: (told: Told) => void;
  /** Topics that the stream tells only from now on: what was listed before has to be compared once. */
  on_fresh: (topics: string[]) => void;
  on_state: (state: LinkState) => void;
}

/** The server pings each 15 s: longer silence means a connection that died without saying so. */
const silence_ms = 40_000;

/** The server's limit for one stream. Twenty tabs with twenty runs: the run list comes first, then who asked. */
const most_topics = 20;

/**
 * One stream for a changing set of topics. Read by fetch and not by EventSource, which hides both the pings, so that it
 * cannot tell a dead connection from a quiet one, and the 401.
 */
export class Connection {
  #topics: string[] = [];
  #told_topics = new Set<string>();
  #since: string | null = null;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #closed = false;
  readonly #heard: Heard;

  constructor(heard: Heard) {
    this.#heard = heard;
    window.addEventListener("online", this.#hurry);
  }

  watch(topics: Iterable<string>) {
    const next = [...new Set(topics)].sort().reverse().slice(0, most_topics);
    if (next.join() === this.#topics.join()) return;
    this.#topics = next;
    this.#schedule(30);
  }

  close() {
    this.#closed = true;
    window.removeEventListener("online", this.#hurry);
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  #hurry = () => {
    if (this.#failures > 0) this.#schedule(0);
  };

  #schedule(ms: number) {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#run(), ms);
  }

  async #run() {
    this.#abort?.abort();
    if (this.#topics.length === 0) return;
    const abort = new AbortController();
    this.#abort = abort;
    const topics = this.#topics;
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort("silent"), silence_ms);
    };
    let again_ms: number | null = null;
    try {
      alive();
      const response = await fetch(path("stream", { topics: topics.join(","), since: this.#since }), {
        credentials: "same-origin",
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: abort.signal,
      });
      if (response.status === 401) {
        this.#heard.on_state("signed-out");
        return;
      }
      if (response.status === 404) {
        // One of the runs was deleted, and a stream is for all topics or none: whoever shows it finds out and lets go.
        this.#heard.on_fresh(topics.filter((topic) => topic !== "runs"));
      }
      if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
      const read = frame_reader((frame) => {
        if (this.#on_frame(frame, topics)) again_ms = 100 + Math.random() * 400;
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        alive();
        read(value);
      }
    } catch {
      if (this.#abort !== abort || this.#closed) return;
    } finally {
      clearTimeout(watchdog);
    }
    if (this.#abort !== abort || this.#closed) return;
    if (again_ms === null) {
      this.#failures++;
      this.#heard.on_state("reconnecting");
      again_ms = Math.min(15_000, 500 * 2 ** Math.min(6, this.#failures - 1)) * (0.7 + Math.random() * 0.6);
    }
    this.#schedule(again_ms);
  }

  /** True when the server said that the stream ends and is to be opened again. */
  #on_frame(frame: Frame, topics: string[]): boolean {
    if (frame.id) this.#since = frame.id;
    let data: unknown;
    try {
      data = JSON.parse(frame.data);
    } catch {
      return false;
    }
    if (frame.event === "hello") {
      this.#failures = 0;
      const fresh = topics.filter((topic) => !this.#told_topics.has(topic));
      this.#told_topics = new Set(topics);
      this.#heard.on_state("live");
      if (fresh.length > 0) this.#heard.on_fresh(fresh);
    }
    if (frame.event === "bye") {
      const bye = data as Bye;
      if (!bye.again) this.#heard.on_state("signed-out");
      return bye.again;
    }
    this.#heard.on_told({ event: frame.event, data });
    return false;
  }
}
