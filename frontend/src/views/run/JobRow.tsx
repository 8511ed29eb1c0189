import { memo } from "react";
import type { Job } from "../../api/types.ts";
import { duration, wildcards_text } from "../../ui/format.ts";
import { Bone } from "../../ui/Said.tsx";
import { StatusIcon, StatusWord } from "../../ui/StatusIcon.tsx";
import { ClockTime, Elapsed } from "../../ui/Times.tsx";
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
  frozen: string | null;
  offset: number;
  on_focus: (index: number) => void;
  on_open: (number: number) => void;
}

/** How long it took; while it runs, how long it has been running, up to when it was last heard of. */
function Took({ job, frozen, offset }: { job: Job; frozen: string | null; offset: number }) {
  const open = job.status === "running";
  if (job.ended_at && job.run_seconds != null) return <span>{duration(job.run_seconds)}</span>;
  if (!job.started_at || (!job.ended_at && !open)) return null;
  return <Elapsed since={job.started_at} until={job.ended_at} frozen={frozen} offset={offset} />;
}

export const JobRow = memo(function JobRow(props: Props) {
  const { job, href, index, top, columns, narrow, opened, frozen, offset, on_focus, on_open } = props;
  const place = { transform: `translateY(${top}px)` };
  if (!job) {
    return (
      <div className="table-row bones" role="row" aria-rowindex={index + 2} style={place}>
        <div role="cell">
          <Bone width={64} />
        </div>
        <div role="cell">
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
      title={job.rule}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        on_open(job.number);
      }}
    >
      {job.rule}
    </a>
  );
  const row = {
    role: "row",
    "aria-rowindex": index + 2,
    "aria-current": opened ? ("true" as const) : undefined,
    "data-index": index,
    style: place,
    onFocus: () => on_focus(index),
  } as const;
  if (narrow) {
    return (
      <div className="table-row narrow" {...row}>
        <div role="cell">
          <StatusIcon status={job.status} titled />
        </div>
        <div role="cell" className="table-cell">
          {link}
        </div>
        <div role="cell" className="table-cell end">
          <Took job={job} frozen={frozen} offset={offset} />
        </div>
        <div role="cell" className="table-cell faint second">
          <span className="cut">{wildcards_text(job.wildcards) || `job ${job.number}`}</span>
        </div>
      </div>
    );
  }
  return (
    <div className="table-row" {...row}>
      {columns.map((column) => (
        <div key={column.key} role="cell" className={`table-cell${column.end ? " end" : ""}`}>
          {column.key === "status" && <StatusWord status={job.status} />}
          {column.key === "rule" && link}
          {column.wildcard !== undefined && (
            <span className="cut">
              {column.wildcard ? job.wildcards[column.wildcard] : rest_of(job, columns)}
            </span>
          )}
          {column.key === "attempt" && (job.attempt > 1 ? <b>{job.attempt}</b> : job.attempt || "")}
          {column.key === "started" && <ClockTime at={job.started_at} />}
          {column.key === "took" && <Took job={job} frozen={frozen} offset={offset} />}
          {column.key === "number" && <span className="faint">{job.number}</span>}
        </div>
      ))}
    </div>
  );
});
