import { memo, useState } from "react";
import type { Job } from "../../../api/types.ts";
import { look_of } from "../../../theme/status.ts";
import { duration, wildcards_text } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Bone } from "../../../ui/Said.tsx";
import { StatusIcon, StatusWord } from "../../../ui/StatusIcon.tsx";
import { ClockTime, Elapsed } from "../../../ui/Times.tsx";
import { kinds_text } from "../graph/reasons.ts";
import { type Column, rest_of } from "./columns.ts";

interface Props {
  job: Job | undefined;
  /** The address of a job, with {number} in it. */
  href: string;
  index: number;
  top: number;
  columns: Column[];
  narrow: boolean;
  opened: boolean;
  picked: boolean;
  /** The one row that Tab reaches; arrows go on from there. */
  stop: boolean;
  frozen: string | null;
  offset: number;
  on_focus: (index: number) => void;
  on_open: (number: number) => void;
  on_pick: (index: number, extend: boolean) => void;
  on_only: (kind: "rule" | "wildcard", value: string) => void;
}

/** A row's menu of what its cells hold, for the pointer: the search does the same for the keyboard. */
function Only({ what, on_click }: { what: string; on_click: () => void }) {
  return (
    <button
      type="button"
      className="icon-button cell-only"
      tabIndex={-1}
      aria-hidden="true"
      title={`Only ${what}`}
      onClick={on_click}
    >
      <Glyph name="only" size={12} />
    </button>
  );
}

/** How long it took; while it runs, how long it has been running, up to when it was last heard of. */
function Took({ job, frozen, offset }: { job: Job; frozen: string | null; offset: number }) {
  if (job.status !== "running" || job.ended_at) return duration(job.run_seconds);
  if (!job.started_at) return null;
  return <Elapsed since={job.started_at} until={null} frozen={frozen} offset={offset} />;
}

export const JobRow = memo(function JobRow(props: Props) {
  const { job, href, index, top, columns, narrow, opened, picked, stop, frozen, offset } = props;
  const { on_focus, on_open, on_pick, on_only } = props;
  const [pointed, point] = useState(false);
  const place = { transform: `translateY(${top}px)` };
  if (!job) {
    return (
      // Not the element that the job's row will be: cells that grow out of bones would count as moved.
      <div key="bones" className="table-row bones" role="row" aria-rowindex={index + 2} style={place}>
        <div role="gridcell">
          <Bone width={64} />
        </div>
        <div role="gridcell">
          <Bone width="60%" />
        </div>
      </div>
    );
  }
  const link = (
    // Not the router's Link: it works out its address on every render, which is felt while scrolling.
    <a
      href={href.replace("{number}", String(job.number))}
      className="table-link cut"
      data-job={job.number}
      title={job.rule}
      tabIndex={stop ? 0 : -1}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.altKey) return;
        event.preventDefault();
        if (event.shiftKey) on_pick(index, true);
        else on_open(job.number);
      }}
    >
      {job.rule}
    </a>
  );
  const row = {
    role: "row",
    "aria-rowindex": index + 2,
    "aria-current": opened ? ("true" as const) : undefined,
    "aria-selected": picked,
    "data-index": index,
    style: place,
    onFocus: () => on_focus(index),
    onPointerEnter: () => point(true),
    onPointerLeave: () => point(false),
  } as const;
  if (narrow) {
    return (
      <div className="table-row narrow" {...row}>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard has Space, which the table hears */}
        <div role="gridcell" className="table-pick" onClick={(event) => on_pick(index, event.shiftKey)}>
          {picked ? <i data-picked="true" /> : <StatusIcon status={job.status} titled />}
          <span className="hidden-text">{picked ? `picked, ${look_of(job.status).word}` : ""}</span>
        </div>
        <div role="gridcell" className="table-cell">
          {link}
        </div>
        <div role="gridcell" className="table-cell end">
          <Took job={job} frozen={frozen} offset={offset} />
        </div>
        <div role="gridcell" className="table-cell faint second">
          <span className="cut">{wildcards_text(job.wildcards) || `job ${job.number}`}</span>
        </div>
      </div>
    );
  }
  return (
    <div className="table-row" {...row}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard has Space, which the table hears */}
      <div role="gridcell" className="table-pick" onClick={(event) => on_pick(index, event.shiftKey)}>
        <i data-picked={picked} />
        <span className="hidden-text">{picked ? "picked" : ""}</span>
      </div>
      {columns.map((column) => (
        <div key={column.key} role="gridcell" className={`table-cell${column.end ? " end" : ""}`}>
          {column.key === "status" && <StatusWord status={job.status} />}
          {column.key === "rule" && link}
          {column.key === "rule" && pointed && (
            <Only what={`rule ${job.rule}`} on_click={() => on_only("rule", job.rule)} />
          )}
          {column.wildcard && <span className="cut">{job.wildcards[column.wildcard]}</span>}
          {column.wildcard && pointed && column.wildcard in job.wildcards && (
            <Only
              what={`${column.wildcard} ${job.wildcards[column.wildcard]}`}
              on_click={() =>
                on_only("wildcard", `${column.wildcard}:${job.wildcards[column.wildcard ?? ""]}`)
              }
            />
          )}
          {column.key === "rest" && <span className="cut">{rest_of(job, columns)}</span>}
          {column.key === "waited" && duration(job.queue_seconds)}
          {column.key === "ended" && <ClockTime at={job.ended_at} offset={offset} />}
          {column.key === "threads" && job.threads}
          {column.key === "reason" && <span className="cut">{kinds_text(job.reasons)}</span>}
          {column.key === "group" && <span className="cut">{job.group}</span>}
          {column.key === "external" && <span className="cut">{job.external_id}</span>}
          {column.key === "attempt" && (job.attempt > 1 ? <b>{job.attempt}</b> : job.attempt || "")}
          {column.key === "started" && <ClockTime at={job.started_at} offset={offset} />}
          {column.key === "took" && <Took job={job} frozen={frozen} offset={offset} />}
          {column.key === "number" && <span className="faint">{job.number}</span>}
        </div>
      ))}
    </div>
  );
});
