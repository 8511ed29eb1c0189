/** Names where there is little room: cut, broken into two lines, or moved to where no mark is. Pure. */

export type Measure = (text: string) => number;

/** As much of a text as a width takes; nothing where not even a letter and the dots fit. */
export function fitted(text: string, width: number, measure: Measure): string {
  const whole = measure(text);
  if (whole <= width) return text;
  let most = Math.min(text.length - 1, Math.ceil((width / whole) * text.length));
  while (most > 0 && measure(`${text.slice(0, most)}…`) > width) most--;
  return most > 0 ? `${text.slice(0, most)}…` : "";
}

/** A name in two lines, broken behind a mark in it, the lines as equal as can be; null where they do not fit either. */
export function broken(name: string, width: number, measure: Measure): [string, string] | null {
  let best: [string, string] | null = null;
  let least = width;
  for (const { index } of name.matchAll(/[_.:-](?=.)/g)) {
    const parts: [string, string] = [name.slice(0, index + 1), name.slice(index + 1)];
    const longest = Math.max(...parts.map(measure));
    if (longest <= least) [best, least] = [parts, longest];
  }
  return best;
}

const near_mark = 5; // px from a mark's middle to its edge
const places = [0.5, 0, 1, 0.25, 0.75];

/** The middle of something `long` that lies between two ends: in the middle of these, or where fewest marks are upon it. */
export function clear_of(marks: number[], { from, to }: { from: number; to: number }, long: number): number {
  let best = (from + to) / 2;
  let least = Number.POSITIVE_INFINITY;
  for (const share of places) {
    const middle = from + long / 2 + Math.max(0, to - from - long) * share;
    const upon = marks.filter((at) => Math.abs(at - middle) < long / 2 + near_mark).length;
    if (upon < least) [best, least] = [middle, upon];
  }
  return best;
}
