import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { found_in } from "./log_lines.ts";

const line_height = 18;

interface Asked {
  lines: { text: string }[];
  find: string;
  /** Whether to begin at the end and stay there. */
  begin_at_end: boolean;
  /** The place of the line that an address ends with (`#L120`), -1 while it is not there. */
  place_of: (number: number) => number;
  /** The number of the first line: it goes up when lines before it are dropped. */
  first?: number;
}

const number_in_hash = () => Number(/^#L(\d+)$/.exec(window.location.hash)?.[1] ?? Number.NaN);

/** Lines of any number, of which a screen is drawn: search, links to lines, and the end that is followed. */
export function useLogView({ lines, find, begin_at_end, place_of, first = 1 }: Asked) {
  const [linked, set_linked] = useState(number_in_hash);
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
    const moved = () => set_linked(number_in_hash());
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
  const go_to = (next: number) => {
    if (found.length === 0) return;
    const at = (next + found.length) % found.length;
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
  return { rows, found, hit, go_to, show, follow, set_follow, box, hit_at: found[hit], linked_at };
}

export const link_to = (number: number) => `${window.location.pathname}${window.location.search}#L${number}`;
