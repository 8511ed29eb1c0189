import type { QueryClient, QueryKey } from "@tanstack/react-query";

// A page at rest asks for nothing; one that follows a large run must not keep the server busy with its answers.
const rest = 4;
const still_ms = 5000;

/**
 * Asks again for what is on screen, at most once in `every_ms` for each key, and once more after the last call. What
 * took long to answer is left alone for `rest` times as long; a tab that nobody sees asks when it is looked at.
 */
export class Refresher {
  readonly #cache: QueryClient;
  readonly #last = new Map<string, number>();
  readonly #rested = new Map<string, number>();
  /** Whose answer is on its way, and what to do behind it where it was asked for again meanwhile. */
  readonly #asked = new Map<string, (() => void) | null>();
  #unseen: (() => void)[] = [];
  #stopped = false;
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(cache: QueryClient) {
    this.#cache = cache;
    document.addEventListener("visibilitychange", this.#seen);
  }

  #seen = () => {
    if (document.hidden) return;
    for (const ask of this.#unseen.splice(0)) ask();
  };

  /** `unseen`: also while nobody sees the tab. */
  soon(key: QueryKey, every_ms: number, run?: () => unknown, unseen = false) {
    const name = JSON.stringify(key);
    if (this.#waiting.has(name)) return;
    if (this.#asked.has(name)) {
      this.#asked.set(name, () => this.soon(key, every_ms, run, unseen));
      return;
    }
    const wait = Math.max((this.#last.get(name) ?? 0) + every_ms, this.#rested.get(name) ?? 0) - Date.now();
    this.#waiting.set(
      name,
      setTimeout(
        () => {
          const ask = () => void this.#ask(name, key, run);
          if (document.hidden && !unseen) this.#unseen.push(ask);
          else ask();
        },
        Math.max(0, wait),
      ),
    );
  }

  async #ask(name: string, key: QueryKey, run?: () => unknown) {
    this.#waiting.delete(name);
    const begun = Date.now();
    this.#last.set(name, begun);
    this.#asked.set(name, null);
    await (run ? run() : this.#cache.invalidateQueries({ queryKey: key }));
    const now = Date.now();
    this.#rested.set(name, now + rest * (now - begun));
    const again = this.#asked.get(name);
    this.#asked.delete(name);
    if (!this.#stopped) again?.();
  }

  stop() {
    this.#stopped = true;
    document.removeEventListener("visibilitychange", this.#seen);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}

/** A view says with `data-pointed-at` when the pointer last moved over its rows. */
export function pointed_at(): boolean {
  const rows = document.querySelector<HTMLElement>("[data-pointed-at]:hover");
  return rows !== null && Date.now() - Number(rows.dataset.pointedAt) < still_ms;
}
