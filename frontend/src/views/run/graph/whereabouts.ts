/** The rule that one looks at in a graph of a run, so that going from one graph to the other keeps the place. */
const kept = new Map<string, string>();

export const looked_at = (run: string): string | undefined => kept.get(run);

/** `rule`: what stands in the middle of the window; undefined: the whole is seen. */
export function look_at(run: string, rule: string | undefined) {
  if (rule === undefined) kept.delete(run);
  else kept.set(run, rule);
}

/** Turns of the wheel beyond the last zoom, in its own pixels, that lead on to the other graph. */
export const beyond = 360;
const pause_ms = 900;

/** Adds up turns of the wheel that found no more zoom; true once they are enough. */
export class Push {
  #sum = 0;
  #last = 0;

  add(by: number, now = performance.now()): boolean {
    if (now - this.#last > pause_ms) this.#sum = 0;
    this.#last = now;
    this.#sum += Math.abs(by);
    if (this.#sum < beyond) return false;
    this.#sum = 0;
    return true;
  }

  rest() {
    this.#sum = 0;
  }
}
