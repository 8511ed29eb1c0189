import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { job_row_query } from "../../../api/spans.ts";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { bytes, duration } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { useTimes } from "../../../ui/Times.tsx";
import type { Drawn } from "./useTimeline.ts";

const width = 270;
const still_ms = 120; // before the server is asked for the wildcards of what is pointed at

/** One attempt in words; `split`: whether it is known when it began to run. */
export function told_of({ spans, lanes, until }: Drawn, row: number) {
  const { from, mid, to } = lanes.bars;
  const [begin, start] = [from[row] as number, mid[row] as number];
  const end = Math.min(to[row] as number, until);
  const split = !Number.isNaN(start);
  return {
    number: spans.number[row] as number,
    rule: spans.rules[spans.rule[row] as number] ?? "",
    attempt: spans.attempt[row] as number,
    status: job_statuses[spans.status[row] as number] ?? "planned",
    begin,
    end,
    open: to[row] === Infinity,
    split,
    waited: split ? (start - begin) / 1000 : null,
    ran: split ? (end - start) / 1000 : null,
    all: (end - begin) / 1000,
    asked: spans.mem_mb[row] as number,
    used: spans.max_rss_mb[row] as number,
    threads: spans.threads[row] as number,
  };
}

/** What the pointer or the keyboard is at, beside it. */
export function BarTip({
  drawn,
  row,
  at,
  within,
  top,
}: {
  drawn: Drawn;
  row: number;
  at: { x: number; y: number };
  within: { width: number; height: number };
  /** How far the lanes are scrolled. */
  top: number;
}) {
  const told = told_of(drawn, row);
  const times = useTimes();
  const [asks, set_asks] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set_asks(true), still_ms);
    return () => clearTimeout(timer);
  }, []);
  const job = useQuery({ ...job_row_query(drawn.run.id, told.number), enabled: asks }).data;
  const wildcards = Object.entries(job?.wildcards ?? {});
  const time = (ms: number) =>
    times.line(new Date(drawn.spans.base + ms).toISOString(), drawn.run.started_at);
  const left = Math.max(4, at.x + 14 + width > within.width ? at.x - width - 12 : at.x + 14);
  const low = at.y > within.height * 0.55;
  const place = low ? { bottom: `calc(100% - ${top + at.y - 10}px)` } : { top: top + at.y + 14 };
  const figures = [
    told.threads > 1 && `${told.threads} threads`,
    told.asked > 0 && `${bytes(told.asked * 1e6)} asked for`,
    told.used > 0 && `${bytes(told.used * 1_048_576)} used`,
  ].filter(Boolean);
  return (
    <div className="tl-tip" aria-hidden="true" style={{ left, maxWidth: width, ...place }}>
      <div className="tl-tip-head">
        <StatusIcon status={told.status} />
        <b className="cut">{told.rule}</b>
        <span className="faint">#{told.number}</span>
      </div>
      {wildcards.map(([name, value]) => (
        <div key={name} className="cut">
          <span className="faint">{name}</span> {value}
        </div>
      ))}
      <div className="soft">
        {look_of(told.status).word}
        {told.attempt > 1 || (job && job.attempt > 1) ? `, attempt ${told.attempt}` : ""}
      </div>
      <div className="soft">
        {time(told.begin)}
        {told.open ? "" : ` – ${time(told.end)}`}
      </div>
      {told.split ? (
        <div>
          {(told.waited ?? 0) > 0 && <>{duration(told.waited)} queued, then </>}
          {told.open ? "running for " : "ran "}
          {duration(told.ran)}
        </div>
      ) : (
        <div>
          {told.open
            ? `queued for ${duration(told.all)}`
            : `${duration(told.all)}, queue and run not told apart`}
        </div>
      )}
      {figures.length > 0 && <div className="soft">{figures.join(" · ")}</div>}
    </div>
  );
}
