import { type RefObject, useLayoutEffect, useMemo, useState } from "react";
import type { GridRow } from "./grid_rows.ts";

export const slim = 34; // px of a column whose rule is written upwards
const wide = { least: 64, most: 148 };
const letter = 7; // px, a little more than the mean
const head = { across: 30, most: 118 };
const most_across = 9; // as many rules are written across where nothing tells how much room there is

/**
 * How wide the columns are, so that as much as can be is seen whole: the first by the longest value, the others by the names
 * of their rules where all fit beside each other, else as narrow as their icons, with the names written upwards.
 */
export function columns_of(room: number, rules: string[], values: (string | null)[]) {
  const longest = values.reduce((most, value) => Math.max(most, value?.length ?? 0), 0);
  const most_names = room > 0 ? Math.max(106, Math.min(360, room * 0.4)) : 176;
  const names = Math.round(Math.min(Math.max(longest * letter + 64, 106), most_names)); // 64: padding, and how many failed
  const across = rules.map((rule) => Math.min(Math.max(rule.length * letter + 20, wide.least), wide.most));
  const total = across.reduce((sum, size) => sum + size, 0);
  const upright = room > 0 ? names + total > room : rules.length > most_across;
  const name = rules.reduce((most, rule) => Math.max(most, rule.length), 0);
  return {
    names,
    upright,
    head: upright ? Math.min(head.most, Math.max(name * letter + 16, 48)) : head.across,
    sizes: upright ? rules.map(() => slim) : across,
  };
}

export function useColumns(box: RefObject<HTMLElement | null>, rules: string[], rows: GridRow[]) {
  const [room, set_room] = useState(0);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    set_room(node.clientWidth); // before anything is painted
    const sizes = new ResizeObserver(() => set_room(node.clientWidth));
    sizes.observe(node);
    return () => sizes.disconnect();
  }, [box]);
  return useMemo(
    () =>
      columns_of(
        room,
        rules,
        rows.map(({ value }) => value),
      ),
    [room, rules, rows],
  );
}
