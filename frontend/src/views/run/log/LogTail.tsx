import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { status_of } from "../../../api/client.ts";
import { keys, tail_query, topic_of, type WhichLog } from "../../../api/queries.ts";
import type { HeldLog } from "../../../api/tails.ts";
import type { Attempt, JobDetail } from "../../../api/types.ts";
import { useLive, useTopic } from "../../../live/live.tsx";
import { type Drawn, drawn, marked } from "../../../ui/ansi.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { is_offending } from "../../../ui/failure.ts";
import { bytes, counted } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Said } from "../../../ui/Said.tsx";
import { type Times, useTimes } from "../../../ui/Times.tsx";
import { useSelection } from "../selection/selection.ts";
import { LogFind } from "./LogFind.tsx";
import { LogText } from "./LogText.tsx";
import { link_range, link_to, useLogView } from "./log_view.ts";

interface Asked {
  which: WhichLog;
  path: string;
  job: JobDetail;
  attempt: Attempt;
}

const runs = (job: JobDetail) => job.run_status === "running" || job.run_status === "lost";

/** Watched as long as it may still be read, by somebody who sees this page. */
function useTail({ which, job, attempt }: Asked) {
  const cache = useQueryClient();
  const topic = topic_of(which);
  const query = useQuery(tail_query(which));
  const seen = useSeen();
  const held = query.data;
  // A stream is for all topics or none: what is gone must be let go of.
  const there = held && held.state !== "kept" && status_of(query.error) !== 404;
  useTopic(seen && there && runs(job) ? topic : null);
  const stands = `${attempt.status} ${job.run_status} ${attempt.logs.length}`;
  const stood = useRef(stands);
  useEffect(() => {
    if (stood.current === stands) return;
    stood.current = stands;
    void cache.invalidateQueries({ queryKey: keys.tail(topic) });
  }, [stands, cache, topic]);
  return query;
}

const unseen_ms = 60_000;

/** A page in the background for a while watches nothing. */
function useSeen(): boolean {
  const [seen, set_seen] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const moved = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => set_seen(false), unseen_ms);
      else set_seen(true);
    };
    document.addEventListener("visibilitychange", moved);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", moved);
    };
  }, []);
  return seen;
}

/** What this is that one sees: of now, a copy, or nothing, and why. */
function standing(
  held: HeldLog,
  job: JobDetail,
  attempt: Attempt,
  times: Times,
): { word: string; more?: string; live?: boolean } {
  const when = held.read_at ? `read ${times.clock(held.read_at)}` : undefined;
  const note = held.note ?? undefined;
  switch (held.state) {
    case "live": {
      const writes = attempt.status === "running" || attempt.status === "queued";
      const empty = held.size === 0 ? "it is empty" : undefined;
      return writes
        ? { word: "Live", more: empty, live: true }
        : { word: "The file as it is now", more: empty ?? when };
    }
    case "kept":
      return { word: `As it was when attempt ${attempt.attempt} failed`, more: note };
    case "asked":
      return { word: "Asking the run's Snakemake for it …", more: note };
    case "silent":
      return {
        word: job.run_status === "lost" ? "Nobody can read it: the run is lost" : "Nobody can read it now",
        more: held.text ? when : "the run's Snakemake does not answer",
      };
    case "missing":
      return attempt.status === "running" || attempt.status === "queued"
        ? { word: "Not written yet", more: note }
        : { word: "The file is gone", more: note };
    case "refused":
      return { word: "Not read", more: note };
    default:
      return held.text
        ? { word: "Snakemake has ended; this was read before", more: when }
        : { word: "No copy of this log was kept", more: "logs are copied when a job fails" };
  }
}

/** What would be live is not where the stream is cut, or the page is held as it was. */
const cut_off = (paused: boolean, held: HeldLog, times: Times): { word: string; more?: string } => ({
  word: paused ? "Held, as the page is" : "Not live: the server does not answer",
  more: held.read_at ? `read ${times.clock(held.read_at)}` : undefined,
});

/** One log: read to its end and on, as long as somebody can. */
export function LogTail(asked: Asked) {
  const { path, job, attempt } = asked;
  const query = useTail(asked);
  const times = useTimes();
  const { link, paused } = useLive();
  const held = query.data;
  if (!held) {
    return query.error ? (
      <Said
        alert
        title="The log could not be loaded"
        actions={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        <p>{query.error.message}</p>
      </Said>
    ) : null;
  }
  const told = standing(held, job, attempt, times);
  const { live } = told;
  const current = link === "live" || link === "connecting";
  const { word, more } = !live || (current && !paused) ? told : cut_off(paused, held, times);
  return (
    <>
      <p className="log-path">
        <span className="mono cut" title={path}>
          {path}
        </span>
        <Copy text={path} what="path" />
        <span className="faint">{held.size != null && bytes(held.size)}</span>
      </p>
      <p className={`log-standing${live && current && !paused ? " live" : ""}`} role="status">
        <span>{word}</span>
        {more && <span className="faint">{more}</span>}
      </p>
      {held.text && <Lines held={held} path={path} bad={attempt.status === "failed"} live={live === true} />}
    </>
  );
}

const offends = (line: Drawn) => is_offending(line.text);

function Lines({ held, path, bad, live }: { held: HeldLog; path: string; bad: boolean; live: boolean }) {
  const { search, set } = useSelection();
  const find = search.jobfind ?? "";
  const lines = useMemo(() => drawn(held.text), [held.text]);
  const view = useLogView({
    lines,
    find,
    begin_at_end: true,
    first: held.first_line,
    place_of: (number) => (number - held.first_line < lines.length ? number - held.first_line : -1),
  });
  const { rows, follow, set_follow, show } = view;
  const cause = useMemo(() => (bad ? lines.findLastIndex(offends) : -1), [bad, lines]);
  const began = useRef(false);
  useEffect(() => {
    // The cause stands near the end: a failed log opens there.
    if (began.current) return;
    began.current = true;
    if (cause >= 0 && !find && !window.location.hash) show(cause);
  });
  const digits = String(held.first_line + lines.length - 1).length;
  return (
    <div className="log-pane">
      <div className="log-bar">
        <LogFind
          slash
          find={find}
          on_find={(next) => set({ jobfind: next }, true)}
          found={view.found.length}
          hit={view.hit}
          go_to={view.go_to}
        />
        <span className="faint">
          {counted(lines.length, "line")}
          {held.start > 0 && `, counted from here: ${bytes(held.start)} before them are not shown`}
        </span>
        <span className="log-ways">
          <button
            type="button"
            className="menu-button"
            title="Download what is shown"
            onClick={() => save(path, held)}
          >
            Download
          </button>
          <button
            type="button"
            className="menu-button log-follow"
            aria-pressed={follow}
            onClick={() => set_follow(!follow)}
          >
            <Glyph name="end" size={14} />
            {!live ? "To the end" : follow ? "Following" : "Follow"}
          </button>
        </span>
      </div>
      <div className="log" role="log" aria-label={`Log ${path}`} {...view.box}>
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const number = held.first_line + item.index;
            const looks = [
              "log-line",
              view.is_marked(item.index) && "hit",
              bad && offends(line) && "offending",
            ];
            return (
              <div
                key={item.index}
                className={looks.filter(Boolean).join(" ")}
                data-at={item.index}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <span className="log-number" style={{ width: `${digits + 1}ch` }}>
                  <a
                    href={link_to(number)}
                    tabIndex={-1}
                    id={`L${number}`}
                    onClick={(event) => link_range(event, number)}
                  >
                    {number}
                  </a>
                </span>
                <LogText pieces={marked(line, find)} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function save(path: string, held: HeldLog) {
  const name = path.split("/").at(-1) || "job.log";
  const url = URL.createObjectURL(new Blob([held.text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = held.start > 0 ? `end-of-${name}` : name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
