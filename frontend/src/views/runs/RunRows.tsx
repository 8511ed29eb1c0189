import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { Run } from "../../api/types.ts";
import { useKeys } from "../../ui/keys.ts";
import { useNarrow } from "../../ui/narrow.ts";
import { RunRow } from "./RunRow.tsx";

export function RunRows({
  runs,
  dimmed,
  more,
  load_more,
}: {
  runs: Run[];
  dimmed: boolean;
  more: boolean;
  load_more: () => unknown;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = narrow ? 60 : 36;
  // By the run and not by its place: new runs come in above it.
  const [held, set_held] = useState({ id: "", place: -1 });
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
  });
  useEffect(() => {
    if (height) rows.measure();
  }, [height, rows]);

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
