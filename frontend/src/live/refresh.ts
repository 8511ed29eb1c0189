import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** Asks again for what is on screen, at most once in `every_ms` for each key, and once more after the last call. */
export class Refresher {
  readonly #cache: QueryClient;
  readonly #last = new Map<string, number>();
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(cache: QueryClient) {
    this.#cache = cache;
  }

  soon(key: QueryKey, every_ms: number, run?: () => void) {
    const name = JSON.stringify(key);
    if (this.#waiting.has(name)) return;
    const wait = Math.max(0, (this.#last.get(name) ?? 0) + every_ms - Date.now());
    this.#waiting.set(
      name,
      setTimeout(() => {
        this.#waiting.delete(name);
        this.#last.set(name, Date.now());
        if (run) run();
        else void this.#cache.invalidateQueries({ queryKey: key });
      }, wait),
    );
  }

  stop() {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
