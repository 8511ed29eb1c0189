import { Connection, type LinkState, type Told } from "./connection.ts";

type Note =
  | { kind: "want"; tab: string; topics: string[] }
  | { kind: "gone"; tab: string }
  | { kind: "who" }
  | { kind: "told"; told: Told }
  | { kind: "fresh"; topics: string[] }
  | { kind: "state"; state: LinkState };

export interface HubListener {
  on_told: (told: Told) => void;
  on_fresh: (topics: string[]) => void;
  on_state: (state: LinkState) => void;
}

/**
 * One stream for a browser: HTTP/1.1 gives six connections to a host, and eight tabs would starve each other. The tab that
 * holds the lock reads the stream for all; when it closes, the next one gets the lock. Plain http away from localhost has
 * no Web Locks: there each tab reads for itself.
 */
export class Hub {
  readonly #tab = Math.random().toString(36).slice(2);
  readonly #name = `flowo:${new URL(document.baseURI).pathname}`;
  readonly #listener: HubListener;
  readonly #channel: BroadcastChannel | null;
  readonly #wanted = new Map<string, string[]>();
  readonly #stop = new AbortController();
  #connection: Connection | null = null;
  #state: LinkState = "connecting";
  #topics: string[] = [];
  #sweep: ReturnType<typeof setInterval> | undefined;

  constructor(listener: HubListener) {
    this.#listener = listener;
    // Plain http has no locks, whatever the types say.
    const shared = Boolean(navigator.locks as LockManager | undefined) && "BroadcastChannel" in window;
    this.#channel = shared ? new BroadcastChannel(this.#name) : null;
    if (!this.#channel) {
      this.#lead();
      return;
    }
    this.#channel.onmessage = (event: MessageEvent<Note>) => this.#on_note(event.data);
    const { signal } = this.#stop;
    // The lock may be given after the stop: then it must be given back at once.
    const held = () =>
      new Promise<void>((done) => {
        if (signal.aborted) done();
        else signal.addEventListener("abort", () => done());
      });
    const unless_stopped = () => {};
    // Held as long as this tab lives: how the leader knows which wants are still somebody's.
    navigator.locks.request(`${this.#name}:tab:${this.#tab}`, { signal }, held).catch(unless_stopped);
    navigator.locks
      .request(`${this.#name}:leader`, { signal }, () => {
        this.#lead();
        return held();
      })
      .catch(unless_stopped);
    window.addEventListener("pagehide", this.#leave);
  }

  want(topics: string[]) {
    this.#topics = topics;
    if (this.#connection) {
      this.#wanted.set(this.#tab, topics);
      this.#watch();
    } else {
      this.#post({ kind: "want", tab: this.#tab, topics });
    }
  }

  /** Whether this tab reads the stream for the others, or for itself where tabs cannot share one. */
  get leads(): boolean {
    return this.#connection !== null;
  }

  stop() {
    this.#leave();
    window.removeEventListener("pagehide", this.#leave);
    clearInterval(this.#sweep);
    this.#connection?.close();
    this.#stop.abort();
    this.#channel?.close();
  }

  #leave = () => this.#post({ kind: "gone", tab: this.#tab });

  #post(note: Note) {
    try {
      this.#channel?.postMessage(note);
    } catch {
      // The channel closed with its page.
    }
  }

  #lead() {
    if (this.#stop.signal.aborted) return;
    this.#connection = new Connection({
      on_told: (told) => this.#spread({ kind: "told", told }),
      on_fresh: (topics) => this.#spread({ kind: "fresh", topics }),
      on_state: (state) => this.#spread({ kind: "state", state }),
    });
    this.#wanted.set(this.#tab, this.#topics);
    this.#post({ kind: "who" });
    this.#watch();
    if (this.#channel) this.#sweep = setInterval(() => void this.#forget_the_dead(), 30_000);
  }

  #watch() {
    this.#connection?.watch([...this.#wanted.values()].flat());
  }

  #spread(note: Note) {
    this.#post(note);
    this.#on_note(note);
  }

  async #forget_the_dead() {
    const { held = [] } = await navigator.locks.query();
    const alive = new Set(held.map((lock) => lock.name?.split(":tab:")[1]));
    for (const tab of this.#wanted.keys()) {
      if (tab !== this.#tab && !alive.has(tab)) this.#wanted.delete(tab);
    }
    this.#watch();
  }

  #on_note(note: Note) {
    switch (note.kind) {
      case "told":
        this.#listener.on_told(note.told);
        return;
      case "fresh":
        this.#listener.on_fresh(note.topics);
        return;
      case "state":
        this.#state = note.state;
        this.#listener.on_state(note.state);
        return;
      case "who":
        this.#post({ kind: "want", tab: this.#tab, topics: this.#topics });
        return;
      case "want":
        if (!this.#connection) return;
        this.#wanted.set(note.tab, note.topics);
        this.#watch();
        this.#post({ kind: "state", state: this.#state });
        return;
      case "gone":
        if (this.#wanted.delete(note.tab)) this.#watch();
    }
  }
}
