import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Run } from "../../api/types.ts";
import { useKeys } from "../../ui/keys.ts";
import { useNarrow } from "../../ui/narrow.ts";
import { RunRow } from "./RunRow.tsx";

/** Where one was when one left the list that is asked for in this way, so that one comes back there. */
let left = { asked: "", top: 0, id: "" };

export function RunRows({
  asked,
  runs,
  dimmed,
  more,
  load_more,
}: {
  asked: string; // what is listed: its filters
  runs: Run[];
  dimmed: boolean;
  more: boolean;
  load_more: () => unknown;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = narrow ? 60 : 36;
  // By the run and not by its place: new runs come in above it.
  const [back] = useState(() => (left.asked === asked ? left : null));
  const [held, set_held] = useState({ id: back?.id ?? "", place: -1 });
  const found = runs.findIndex(({ id }) => id === held.id);
  const at = found < 0 ? Math.min(held.place, runs.length - 1) : found;
  const set_at = (place: number) => set_held({ id: runs[place]?.id ?? "", place });
  const navigate = useNavigate();
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    getItemKey: (i) => runs[i]?.id ?? i,
    overscan: 12,
    initialOffset: back?.top ?? 0,
  });
  useEffect(() => {
    if (height) rows.measure();
  }, [height, rows]);

  const leaving = useRef({ asked, top: back?.top ?? 0, id: "" });
  leaving.current = { asked, top: leaving.current.top, id: held.id };
  useLayoutEffect(() => {
    const node = scroll.current;
    if (!node) return;
    if (back) node.scrollTop = back.top;
    // The rows in sight are known once they have been measured.
    const frame = requestAnimationFrame(() => {
      const row = back?.id ? node.querySelector<HTMLElement>(`a[href$="/runs/${back.id}"]`) : null;
      const free = document.activeElement === document.body || document.activeElement?.id === "main";
      if (free) row?.focus({ preventScroll: true });
    });
    const on_scroll = () => {
      leaving.current.top = node.scrollTop;
    };
    node.addEventListener("scroll", on_scroll, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      node.removeEventListener("scroll", on_scroll);
      left = leaving.current;
    };
  }, [back]);

  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= runs.length - 30) load_more();
  }, [more, last, runs.length, load_more]);

  const go = (to: number) => {
    const next = Math.max(0, Math.min(runs.length - 1, to));
    set_at(next);
    rows.scrollToIndex(next);
    requestAnimationFrame(() => {
      scroll.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus();
    });
  };
  useKeys({
    down: () => go(at + 1),
    up: () => go(at < 0 ? 0 : at - 1),
    open: () => {
      const run = runs[at];
      if (run) void navigate({ to: "/runs/$id", params: { id: run.id } });
    },
  });

  return (
    <div
      className={`run-rows${dimmed ? " dimmed" : ""}`}
      ref={scroll}
      onPointerMove={(event) => {
        event.currentTarget.dataset.pointedAt = String(Date.now());
      }}
    >
      <div role="list" aria-label="Runs" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {shown.map((item) => {
          const run = runs[item.index];
          if (!run) return null;
          return (
            <div
              key={item.key}
              role="listitem"
              data-index={item.index}
              className="run-place"
              style={{ transform: `translateY(${item.start}px)`, height }}
              onFocus={() => set_at(item.index)}
            >
              <RunRow run={run} narrow={narrow} />
            </div>
          );
        })}
      </div>
    </div>
  );
}
