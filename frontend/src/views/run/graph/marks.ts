/** Which boxes and links of the graph stand out, and which step back. Pure. */
import type { Box, Link } from "./fold.ts";
import { link_key } from "./layout.ts";
import { on_way, type Ways } from "./reach.ts";

export interface Marks {
  chosen: Set<string>;
  dimmed: Set<string>;
  /** Keys of links that lead to or from what is looked at. */
  lit: Set<string>;
  /** Whether only some links are meant, so that the others step back. */
  some: boolean;
}

/**
 * What is looked at is the box under the pointer, else the chosen rules; what neither leads there nor follows from it
 * steps back. Without either, so do boxes that have no job of the selection (`matches`: jobs by rule).
 */
export function marks_of(
  { boxes, links }: { boxes: Box[]; links: Link[] },
  ways: Ways,
  looked: string | null,
  rules: ReadonlySet<string>,
  matches: Readonly<Record<string, number>> | null,
): Marks {
  const chosen = new Set(
    boxes.filter((box) => box.rules.some((rule) => rules.has(rule))).map(({ id }) => id),
  );
  const from = looked === null ? chosen : new Set([looked]);
  const dimmed = new Set<string>();
  const lit = new Set<string>();
  if (from.size > 0) {
    const reach = ways.reach(from);
    for (const { id } of boxes) {
      if (!from.has(id) && !reach.up.has(id) && !reach.down.has(id)) dimmed.add(id);
    }
    for (const link of links) {
      if (on_way(link, from, reach)) lit.add(link_key(link.source, link.target));
    }
  } else if (matches !== null) {
    for (const { id, rules: own } of boxes) {
      if (!own.some((rule) => rule in matches)) dimmed.add(id);
    }
  }
  return { chosen, dimmed, lit, some: from.size > 0 };
}

/** Boxes in which a rule's name holds the text, in their order. */
export function found_in(boxes: Box[], text: string): string[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  return boxes
    .filter((box) => box.rules.some((rule) => rule.toLowerCase().includes(wanted)))
    .map(({ id }) => id);
}
