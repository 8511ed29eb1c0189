import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Button } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { log_query } from "../../api/queries.ts";
import type { RunDetail } from "../../api/types.ts";
import { server_now } from "../../ui/clock.ts";
import { clock_time, count, exact_time } from "../../ui/format.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { Said } from "../../ui/Said.tsx";
import { LogFind } from "./LogFind.tsx";
import { cut_at, drawn_lines, found_in } from "./log_lines.ts";
import { useSelection } from "./selection.ts";
import "./log.css";

const line_height = 18;
const most_at_once = 20_000;

/** Snakemake's own output, as on the terminal. Scrolling up leaves the end, the button goes back to it. */
export function RunLog({ run }: { run: RunDetail }) {
  const { id, search } = useSelection();
  const list = useInfiniteQuery(log_query(id));
  const lines = useMemo(() => drawn_lines(list.data?.pages.flatMap((page) => page.items) ?? []), [list.data]);
  const [limit, set_limit] = useState(most_at_once);
  const [follow, set_follow] = useState(run.status === "running" || run.status === "failed");
  const scroll = useRef<HTMLDivElement>(null);
  const find = search.find ?? "";
  const found = useMemo(() => found_in(lines, find), [lines, find]);
  const [hit, set_hit] = useState(0);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => line_height,
    overscan: 30,
    paddingStart: 8,
    paddingEnd: 12,
  });

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lines.length < limit) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lines.length, limit]);

  useEffect(() => {
    if (follow && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, lines.length, rows]);

  const hash = useRef(/^#L(\d+)$/.exec(window.location.hash)?.[1]);
  useEffect(() => {
    if (!hash.current) return;
    const at = lines.findIndex((line) => String(line.seq) === hash.current);
    if (at < 0) return;
    hash.current = undefined;
    set_follow(false);
    rows.scrollToIndex(at, { align: "center" });
  }, [lines, rows]);

  const go_to = (next: number) => {
    if (found.length === 0) return;
    const at = (next + found.length) % found.length;
    set_hit(at);
    set_follow(false);
    rows.scrollToIndex(found[at] ?? 0, { align: "center" });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new search jumps; lines that arrive do not.
  useEffect(() => {
    if (find) go_to(0);
  }, [find]);

  if (list.error && !list.data) {
    return (
      <Said
        alert
        title="The log could not be loaded"
        actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
      >
        <p>{list.error.message}</p>
      </Said>
    );
  }
  const digits = String(lines.at(-1)?.seq ?? 1).length;
  const marked = found[hit];
  return (
    <div className="log-pane">
      <div className="log-bar">
        <LogFind found={found.length} hit={hit} go_to={go_to} />
        <span className="faint">
          {count(lines.length)} {lines.length === 1 && !hasNextPage ? "line" : "lines"}
          {hasNextPage ? ", more to load" : ""}
        </span>
        {hasNextPage && lines.length >= limit && (
          <button type="button" className="link-button" onClick={() => set_limit(limit + most_at_once)}>
            Load more
          </button>
        )}
        <button
          type="button"
          className="menu-button log-follow"
          aria-pressed={follow}
          onClick={() => set_follow(!follow)}
        >
          <Glyph name="end" size={14} />
          {run.status !== "running" ? "To the end" : follow ? "Following" : "Follow"}
        </button>
      </div>
      {list.data && lines.length === 0 ? (
        <Said title="Nothing was said yet" />
      ) : (
        <div
          className="log"
          ref={scroll}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="Log of the run"
          onWheel={(event) => event.deltaY < 0 && set_follow(false)}
          onKeyDown={(event) => {
            if (["ArrowUp", "PageUp", "Home"].includes(event.key)) set_follow(false);
            if (event.key === "End") set_follow(true);
          }}
          onTouchMove={() => set_follow(false)}
        >
          <div style={{ height: rows.getTotalSize(), position: "relative" }}>
            {rows.getVirtualItems().map((item) => {
              const line = lines[item.index];
              if (!line) return null;
              return (
                <div
                  key={item.index}
                  className={`log-line level-${line.level}${item.index === marked ? " hit" : ""}`}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <span className="log-number" style={{ width: `${digits + 1}ch` }}>
                    {line.first && (
                      <a
                        href={`${window.location.pathname}${window.location.search}#L${line.seq}`}
                        tabIndex={-1}
                      >
                        {line.seq}
                      </a>
                    )}
                  </span>
                  <time className="log-time" title={line.first ? exact_time(line.at) : undefined}>
                    {line.first ? clock_time(line.at, server_now()).slice(-8) : ""}
                  </time>
                  <span className="log-text">
                    {cut_at(line.text, find).map((part, i) =>
                      i % 2 ? <mark key={i}>{part}</mark> : <span key={i}>{part}</span>,
                    )}
                  </span>
                  {line.first && line.job != null && (
                    <Link
                      className="log-job"
                      to="/runs/$id/jobs/$number"
                      params={{ id, number: String(line.job) }}
                      search={true as never}
                    >
                      job {line.job}
                    </Link>
                  )}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}
