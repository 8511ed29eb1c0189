import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { failures_query } from "../../api/queries.ts";
import type { Failure, RunDetail } from "../../api/types.ts";
import { is_offending, reason_of } from "../../ui/failure.ts";
import { wildcards_text } from "../../ui/format.ts";
import { Said } from "../../ui/Said.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { ClockTime } from "../../ui/Times.tsx";

export function Failures({ run }: { run: RunDetail }) {
  const list = useInfiniteQuery(failures_query(run.id));
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
  const failures = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.data && failures.length === 0) {
    return (
      <Said title={run.status === "running" ? "Nothing failed so far" : "No failure stands"}>
        <p>A job that failed and succeeded on a later attempt is no failure; the column Try tells of it.</p>
      </Said>
    );
  }
  return (
    <ol className="failures">
      {failures.map((failure, i) => (
        <One key={`${failure.number}:${failure.attempt}:${i}`} failure={failure} run_id={run.id} />
      ))}
      {list.hasNextPage && (
        <li>
          <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </li>
      )}
    </ol>
  );
}

function One({ failure, run_id }: { failure: Failure; run_id: string }) {
  const text = failure.log?.tail || failure.message || "";
  const line = text.split("\n").findLast(is_offending) ?? text.trim().split("\n").at(-1) ?? "";
  const mended = failure.job_status === "succeeded";
  return (
    <li className="failure">
      <div className="failure-line">
        <StatusIcon status="failed" />
        {failure.number != null ? (
          <Link
            to="/runs/$id/jobs/$number"
            params={{ id: run_id, number: String(failure.number) }}
            search={true as never}
            className="failure-rule cut"
          >
            {failure.rule}
          </Link>
        ) : (
          <b>{failure.rule ?? "Snakemake"}</b>
        )}
        <span className="soft cut">{wildcards_text(failure.wildcards)}</span>
        <span className="bad">{reason_of(failure)}</span>
        <span className="failure-end faint">
          {mended && <span>succeeded later</span>}
          {failure.attempts != null && failure.attempts > 1 && (
            <span>
              attempt {failure.attempt ?? failure.attempts} of {failure.attempts}
            </span>
          )}
          <ClockTime at={failure.at} />
        </span>
      </div>
      {line && <code className="failure-text cut">{line.trim()}</code>}
    </li>
  );
}
