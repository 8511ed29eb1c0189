import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { found_in } from "./log_lines.ts";

const line_height = 18;

interface Asked {
  lines: { text: string }[];
  find: string;
  /** Whether to begin at the end and stay there. */
  begin_at_end: boolean;
  /** The place of the line that an address ends with (`#L120`, `#L120-L124`), -1 while it is not there. */
  place_of: (number: number) => number;
  /** The number of the first line: it goes up when lines before it are dropped. */
  first?: number;
}

/** The first and the last line that the address means. */
function lines_in_hash(): [number, number] {
  const [, first, last] = /^#L(\d+)(?:-L?(\d+))?$/.exec(window.location.hash) ?? [];
  const [from, to] = [Number(first ?? Number.NaN), Number(last ?? first ?? Number.NaN)];
  return from <= to ? [from, to] : [to, from];
}

/** What was found in a line that is longer than the window is wide stands in sight, with some of what is around it. */
function into_sight(box: HTMLElement, mark: Element) {
  const [at, window] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
  const numbers = box.querySelector(".log-number")?.getBoundingClientRect().width ?? 0;
  const [left, right] = [window.left + numbers, window.left + box.clientWidth];
  if (at.left < left || at.right > right) box.scrollLeft += at.left - (left + (right - left) / 3);
}

/** Lines of any number, of which a screen is drawn: search, links to lines, and the end that is followed. */
export function useLogView({ lines, find, begin_at_end, place_of, first = 1 }: Asked) {
  const [[linked, linked_last], set_linked] = useState(lines_in_hash);
  const [follow, set_follow] = useState(begin_at_end && Number.isNaN(linked));
  const [hit, set_hit] = useState(0);
  const scroll = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const found = useMemo(() => found_in(lines, find), [lines, find]);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => line_height,
    overscan: 30,
    paddingStart: 8,
    paddingEnd: 12,
  });

  useEffect(() => {
    if (follow && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, lines.length, rows]);

  const begins = useRef(first);
  useLayoutEffect(() => {
    // Who reads further up keeps what they read before their eyes.
    const gone = first - begins.current;
    begins.current = first;
    if (gone > 0 && !follow && scroll.current) scroll.current.scrollTop -= gone * line_height;
  }, [first, follow]);

  useEffect(() => {
    const moved = () => set_linked(lines_in_hash());
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  const shown = useRef(Number.NaN);
  const linked_at = Number.isNaN(linked) ? -1 : place_of(linked);
  useEffect(() => {
    if (linked_at < 0 || shown.current === linked) return;
    shown.current = linked;
    set_follow(false);
    rows.scrollToIndex(linked_at, { align: "center" });
  }, [linked, linked_at, rows]);

  const show = (at: number) => {
    set_follow(false);
    rows.scrollToIndex(at, { align: "center" });
  };
  const sought = useRef(false);
  useEffect(() => {
    // Once its line is drawn, which may be some frames later.
    const mark = sought.current && scroll.current?.querySelector(`[data-at="${found[hit]}"] mark`);
    if (!mark || !scroll.current) return;
    sought.current = false;
    into_sight(scroll.current, mark);
  });
  const go_to = (next: number) => {
    if (found.length === 0) return;
    const at = (next + found.length) % found.length;
    sought.current = true;
    set_hit(at);
    show(found[at] ?? 0);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new search jumps; lines that arrive do not.
  useEffect(() => {
    if (find) go_to(0);
  }, [find]);

  /** Of the box that scrolls. Going up leaves the end; only the button and the End key go back to it. */
  const box = {
    ref: scroll,
    tabIndex: 0,
    "aria-live": "off" as const,
    onScroll: (event: React.UIEvent<HTMLDivElement>) => {
      const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
      if (scrollTop < top.current - 2 && scrollHeight - scrollTop - clientHeight > 2 * line_height)
        set_follow(false);
      top.current = scrollTop;
    },
    onWheel: (event: React.WheelEvent) => event.deltaY < 0 && set_follow(false),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) set_follow(false);
      if (event.key === "End") set_follow(true);
    },
    onTouchMove: () => set_follow(false),
  };
  const linked_to = linked_at < 0 ? -1 : Math.max(linked_at, place_of(linked_last));
  const is_marked = (at: number) =>
    at === found[hit] || (linked_at >= 0 && at >= linked_at && at <= linked_to);
  return { rows, found, hit, go_to, show, follow, set_follow, box, is_marked };
}

/** With Shift, a click on a line's number means all lines from the one that was linked to. */
export function link_range(event: React.MouseEvent, number: number) {
  const [from] = lines_in_hash();
  if (!event.shiftKey || Number.isNaN(from)) return;
  event.preventDefault();
  window.location.hash = from < number ? `L${from}-L${number}` : `L${number}-L${from}`;
}

export const link_to = (number: number) => `${window.location.pathname}${window.location.search}#L${number}`;
