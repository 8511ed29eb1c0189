/** What is seen of the run's time, ms since its base: shared by all drawings, changed without React. */

const least_ms = 20;

export class View {
  /** All there is. */
  begin = 0;
  end = 1;
  from = 0;
  to = 1;
  /** Whether all is seen, so that what comes is seen too. */
  whole = true;
  readonly #listeners = new Set<() => void>();

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  bounds(begin: number, end: number) {
    const to = Math.max(end, begin + least_ms);
    if (begin === this.begin && to === this.end) return;
    this.begin = begin;
    this.end = to;
    if (this.whole) this.all();
    else this.show(this.from, this.to);
  }

  all() {
    this.whole = true;
    [this.from, this.to] = [this.begin, this.end];
    this.tell();
  }

  show(from: number, to: number) {
    const all = this.end - this.begin;
    const length = Math.min(Math.max(to - from, least_ms), all);
    const middle = (from + to) / 2;
    const left = Math.min(Math.max(middle - length / 2, this.begin), this.end - length);
    this.whole = length >= all;
    [this.from, this.to] = [left, left + length];
    this.tell();
  }

  /** Closer for a factor under 1; what is `at` a moment stays where it is. */
  zoom(at: number, factor: number) {
    const least = least_ms / (this.to - this.from);
    const by = Math.max(factor, least);
    this.show(at - (at - this.from) * by, at + (this.to - at) * by);
  }

  /** By shares of what is seen. */
  pan(share: number) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  tell() {
    for (const listener of this.#listeners) listener();
  }
}
