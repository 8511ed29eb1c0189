import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useEffect, useMemo, useState } from "react";
import { log_query } from "../../../api/queries.ts";
import type { RunDetail } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Said } from "../../../ui/Said.tsx";
import { useTimes } from "../../../ui/Times.tsx";
import { useSelection } from "../selection/selection.ts";
import { LogFind } from "./LogFind.tsx";
import { cut_at, drawn_lines } from "./log_lines.ts";
import { link_range, link_to, useLogView } from "./log_view.ts";
import "./log.css";

const most_at_once = 20_000;

/** How much there is; `lines`: null before the first of them came, then those that are here so far. */
function lines_text(lines: number | null, more: boolean, limit: number): string {
  if (lines === null) return "Loading …";
  if (more)
    return lines < limit ? `Loading, ${count(lines)} lines so far …` : `${count(lines)} lines, more to load`;
  return `${count(lines)} ${lines === 1 ? "line" : "lines"}`;
}

/** Snakemake's own output, as on the terminal. Scrolling up leaves the end, the button goes back to it. */
export function RunLog({ run }: { run: RunDetail }) {
  const { id, search, set } = useSelection();
  const times = useTimes();
  const list = useInfiniteQuery(log_query(id));
  const lines = useMemo(() => drawn_lines(list.data?.pages.flatMap((page) => page.items) ?? []), [list.data]);
  const [limit, set_limit] = useState(most_at_once);
  const find = search.find ?? "";
  const view = useLogView({
    lines,
    find,
    begin_at_end: run.status === "running" || run.status === "failed",
    place_of: (seq) => lines.findIndex((line) => line.seq === seq),
  });
  const { rows, follow, set_follow } = view;

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lines.length < limit) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lines.length, limit]);

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
  return (
    <div className="log-pane">
      <div className="log-bar">
        <LogFind
          find={find}
          on_find={(next) => set({ find: next }, true)}
          found={list.data && (view.found.length > 0 || !hasNextPage) ? view.found.length : null}
          hit={view.hit}
          go_to={view.go_to}
        />
        <span className="faint">{lines_text(list.data ? lines.length : null, hasNextPage, limit)}</span>
        {hasNextPage && lines.length >= limit && (
          <button type="button" className="link-button" onClick={() => set_limit(limit + most_at_once)}>
            Load more
          </button>
        )}
        <button
          type="button"
          className="menu-button log-follow"
          aria-pressed={follow}
          disabled={lines.length === 0}
          onClick={() => set_follow(!follow)}
        >
          <Glyph name="end" size={14} />
          {run.status !== "running" ? "To the end" : follow ? "Following" : "Follow"}
        </button>
      </div>
      {list.data && lines.length === 0 ? (
        <Said title="Nothing was said yet" />
      ) : (
        <div className="log" role="log" aria-label="Log of the run" {...view.box}>
          <div style={{ height: rows.getTotalSize(), position: "relative" }}>
            {rows.getVirtualItems().map((item) => {
              const line = lines[item.index];
              if (!line) return null;
              return (
                <div
                  key={item.index}
                  className={`log-line level-${line.level}${view.is_marked(item.index) ? " hit" : ""}`}
                  data-at={item.index}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <span className="log-number" style={{ width: `${digits + 1}ch` }}>
                    {line.first && (
                      <a
                        href={link_to(line.seq)}
                        tabIndex={-1}
                        onClick={(event) => link_range(event, line.seq)}
                      >
                        {line.seq}
                      </a>
                    )}
                  </span>
                  <time className="log-time" title={line.first ? times.exact(line.at) : undefined}>
                    {line.first ? times.line(line.at, run.started_at) : ""}
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
