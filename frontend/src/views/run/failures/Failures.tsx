import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { failure_groups_query, failures_query, type JobChoice, rerun_query } from "../../../api/queries.ts";
import type { Alike, RunDetail } from "../../../api/types.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { more_evidence, reason_of } from "../../../ui/failure.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Said } from "../../../ui/Said.tsx";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { Ago, ClockTime } from "../../../ui/Times.tsx";
import { Words } from "../../../ui/Words.tsx";
import { job_filter } from "../selection/search.ts";
import { useSelection } from "../selection/selection.ts";
import { JobLink, Member, named } from "./Member.tsx";
import "./failure.css";

/** All failures, those of one cause as one. */
export function Failures({ run }: { run: RunDetail }) {
  const { search, clear } = useSelection();
  const filter = job_filter(search);
  const list = useInfiniteQuery(failure_groups_query(run.id, filter));
  if (list.error && !list.data) {
    return (
      <Said
        alert
        title="The failures could not be listed"
        actions={<Button onClick={() => void list.refetch()}>Try again</Button>}
      >
        <p>{list.error.message}</p>
      </Said>
    );
  }
  const groups = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.data && groups.length === 0) {
    if (run.jobs.failed > 0) {
      return (
        <Said
          title="No failure among what is chosen"
          actions={<Button onClick={clear}>Show all {count(run.jobs.failed)}</Button>}
        />
      );
    }
    return (
      <Said title={run.status === "running" ? "Nothing failed so far" : "No failure stands"}>
        <p>A job that failed and succeeded on a later attempt is no failure; the column Try tells of it.</p>
      </Said>
    );
  }
  return (
    <div className="failures">
      {run.ended_at && run.jobs.failed > 0 && <Again id={run.id} />}
      <ol aria-label="Failures by cause">
        {groups.map((group) => (
          <Group key={group.signature} group={group} run={run} filter={filter} />
        ))}
      </ol>
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </div>
  );
}

const heard = 100; // letters of a line that a name repeats

/** What tells a group from the others where it is heard and not seen: its rule and how it ended. */
function told(group: Alike): string {
  const line = group.line ?? group.last_line ?? "";
  const cut = line.length > heard ? `${line.slice(0, heard)}…` : line;
  return [group.rule ?? "Snakemake", reason_of(group), cut].filter(Boolean).join(", ");
}

function Again({ id }: { id: string }) {
  const { data } = useQuery(rerun_query(id));
  if (!data?.command) return null;
  const remarks = [
    data.whole_rules && "Too many failed to name each: it runs all that is missing of their rules.",
    data.masked && "Secrets are masked as ***: put them back before you run it.",
  ].filter(Boolean);
  return (
    <section className="failures-again" aria-label="Run again only what failed">
      <h3>Run again only what failed</h3>
      <div className="command">
        <code>
          <Words text={data.command} />
        </code>
        <Copy text={data.command} what="the command to rerun only what failed" />
      </div>
      {remarks.map((remark) => (
        <p key={String(remark)} className="soft">
          {remark}
        </p>
      ))}
    </section>
  );
}

const hit = 6;

function Group({ group, run, filter }: { group: Alike; run: RunDetail; filter: JobChoice }) {
  const { id: run_id, clock_offset: offset } = run;
  const [open, set_open] = useState(false);
  const only = group.count === 1 ? group.jobs[0] : undefined;
  const evidence = more_evidence(group.evidence, [group.line]);
  const more = group.count - Math.min(hit, group.jobs.length);
  const name = told(group);
  const [fold, show] = only
    ? ["Fold what is known of it", "Show its logs and inputs"]
    : ["Fold these failures", `Show these ${group.count} failures`];
  return (
    <li className="failure failure-group">
      <div className="failure-line">
        <StatusIcon status="failed" />
        {group.count > 1 && <b>{count(group.count)} ×</b>}
        {only ? (
          <JobLink run_id={run_id} number={only.number}>
            {group.rule}
          </JobLink>
        ) : (
          <b className="failure-rule cut">{group.rule ?? "Snakemake"}</b>
        )}
        <span className="bad">{reason_of(group)}</span>
        {evidence && (
          <span className="soft cut" title={evidence}>
            {evidence}
          </span>
        )}
        <span className="failure-end faint">
          <ClockTime at={group.first_at} offset={offset} />
          {group.count > 1 && (
            <>
              {" – "}
              <ClockTime at={group.last_at} offset={offset} />
            </>
          )}
          <button
            type="button"
            className="icon-button"
            aria-expanded={open}
            aria-label={`${open ? fold : show}: ${name}`}
            onClick={() => set_open(!open)}
          >
            <Glyph name={open ? "up" : "down"} />
          </button>
        </span>
      </div>
      {group.line && (
        <code className="failure-text cut" title={group.line}>
          {group.line}
        </code>
      )}
      {group.last_line && (
        <p className="failure-last soft cut" title={group.last_line}>
          Its log ends with <code>{group.last_line}</code>
        </p>
      )}
      <p className="failure-hit">
        {group.jobs.slice(0, hit).map((job) => (
          <JobLink key={job.number} run_id={run_id} number={job.number}>
            {named(job)}
          </JobLink>
        ))}
        {more > 0 && (
          <button
            type="button"
            className="link-button"
            aria-label={`and ${count(more)} more: ${name}`}
            onClick={() => set_open(true)}
          >
            and {count(more)} more
          </button>
        )}
      </p>
      <Seen group={group} />
      {open && <Members run={run} signature={group.signature} name={name} filter={filter} />}
    </li>
  );
}

function Seen({ group }: { group: Alike }) {
  if (group.seen.length === 0) return null;
  const rest = group.seen_total - group.seen.length;
  return (
    <p className="failure-seen soft">
      Seen before in{" "}
      {group.seen.map((seen, i) => (
        <span key={seen.id}>
          {i > 0 && ", "}
          <Link to="/runs/$id" params={{ id: seen.id }} search={{ tab: "failures" } as never}>
            {seen.name}
          </Link>{" "}
          <span className="faint">
            <Ago at={seen.started_at} offset={seen.clock_offset} />
            {seen.count > 1 && `, ${count(seen.count)} ×`}
          </span>
        </span>
      ))}
      {rest > 0 && ` and ${count(rest)} more runs`}
    </p>
  );
}

function Members({
  run,
  signature,
  name,
  filter,
}: {
  run: RunDetail;
  signature: string;
  /** Of the group. */
  name: string;
  filter: JobChoice;
}) {
  const list = useInfiniteQuery(failures_query(run.id, signature, filter));
  if (list.error && !list.data) return <p className="bad">{list.error.message}</p>;
  const failures = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <ul className="failure-members" aria-label={name}>
      {failures.map((failure) => (
        <Member key={failure.number} failure={failure} run={run} alone={failures.length === 1} />
      ))}
      {list.hasNextPage && (
        <li>
          <Button
            size="small"
            aria-label={`Show more: ${name}`}
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show more
          </Button>
        </li>
      )}
    </ul>
  );
}
