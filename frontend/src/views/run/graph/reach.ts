/** What leads to boxes of a graph and what follows from them, and where an arrow key goes. Pure. */
import type { Link } from "./fold.ts";
import type { Place } from "./layout.ts";

export interface Reach {
  up: Set<string>;
  down: Set<string>;
}

function all_from(start: Iterable<string>, next: Map<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const open = [...start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const to of next.get(id) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return seen;
}

/** The links of each box, both ways. */
export class Ways {
  readonly #after = new Map<string, string[]>();
  readonly #before = new Map<string, string[]>();

  constructor(links: Link[]) {
    for (const { source, target } of links) {
      this.#after.set(source, [...(this.#after.get(source) ?? []), target]);
      this.#before.set(target, [...(this.#before.get(target) ?? []), source]);
    }
  }

  reach(from: Iterable<string>): Reach {
    const start = [...from];
    return { up: all_from(start, this.#before), down: all_from(start, this.#after) };
  }

  /** Up and down along links to the nearest; left and right in the same layer. Undefined: there is none. */
  step(from: string, key: string, places: ReadonlyMap<string, Place>): string | undefined {
    const here = places.get(from);
    if (!here) return undefined;
    const middle = ({ x, width }: Place) => x + width / 2;
    const nearest = (ids: Iterable<string>) => {
      let best: string | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const id of ids) {
        const place = places.get(id);
        if (!place || id === from) continue;
        const away = Math.abs(middle(place) - middle(here)) + Math.abs(place.y - here.y) / 4;
        if (away < least) [best, least] = [id, away];
      }
      return best;
    };
    if (key === "ArrowUp") return nearest(this.#before.get(from) ?? []);
    if (key === "ArrowDown") return nearest(this.#after.get(from) ?? []);
    const sign = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
    if (sign === 0) return undefined;
    const beside = [...places].filter(
      ([, place]) =>
        sign * (middle(place) - middle(here)) > 0 &&
        place.y < here.y + here.height &&
        here.y < place.y + place.height,
    );
    return nearest(beside.map(([id]) => id));
  }
}

/** A link is on the way when both its ends are, on the same side of where one looks from. */
export function on_way({ source, target }: Link, from: ReadonlySet<string>, { up, down }: Reach): boolean {
  return (
    (up.has(source) && (up.has(target) || from.has(target))) ||
    (down.has(target) && (down.has(source) || from.has(source)))
  );
}
