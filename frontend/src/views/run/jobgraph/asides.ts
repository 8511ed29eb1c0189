/** Where the name of a block stands that is too small to bear it. Pure. */
import { broken, fitted, type Measure } from "./names.ts";
import type { Size } from "./view.ts";

export const line = 12;
const apart = 4; // px from a name to whatever else
const most_wide = 132;
const least_letters = 5; // of a name that is cut

export interface Place {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Aside {
  parts: string[];
  x: number;
  y: number;
  wide: number;
  /** Letters that are missing. */
  cut: number;
}

/** Below rather than above, whole in two lines rather than cut in one; null where there is no room for some letters of it. */
export function aside(
  name: string,
  block: Place,
  taken: Place[],
  size: Size,
  measure: Measure,
): Aside | null {
  let found: Aside | null = null;
  for (const lines of [1, 2]) {
    for (const below of [true, false]) {
      const told = placed(name, block, taken, size, measure, lines, below);
      if (told && (!found || told.cut < found.cut)) found = told;
      if (found?.cut === 0) return found;
    }
  }
  return found;
}

function placed(
  name: string,
  block: Place,
  taken: Place[],
  size: Size,
  measure: Measure,
  lines: number,
  below: boolean,
): Aside | null {
  const high = line * lines;
  const y = below ? block.bottom + 2 : block.top + 4 - high;
  if (y < 0 || y + high > size.height) return null;
  const middle = Math.max(0, Math.min(size.width, (block.left + block.right) / 2));
  let [from, to] = [Math.max(2, middle - most_wide), Math.min(size.width - 2, middle + most_wide)];
  for (const other of taken) {
    if (other === block || other.bottom <= y || other.top >= y + high) continue;
    if (other.left <= middle && other.right >= middle) return null;
    if (other.right < middle) from = Math.max(from, other.right + apart);
    else to = Math.min(to, other.left - apart);
  }
  const room = Math.min(to - from, most_wide);
  const parts = lines === 1 ? [fitted(name, room, measure)] : (broken(name, room, measure) ?? []);
  const letters = parts.join("").replace("…", "").length;
  if (letters < Math.min(name.length, least_letters)) return null;
  const wide = Math.max(...parts.map(measure));
  return {
    parts,
    wide,
    y,
    x: Math.max(from, Math.min(middle - wide / 2, to - wide)),
    cut: name.length - letters,
  };
}
