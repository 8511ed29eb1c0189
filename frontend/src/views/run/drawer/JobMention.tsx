import { Link } from "@tanstack/react-router";
import type { JobLink } from "../../../api/types.ts";
import { wildcards_text } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";

/** Another job of the run, as a link with its status. */
export function JobMention({ job, run_id }: { job: JobLink; run_id: string }) {
  const which = wildcards_text(job.wildcards);
  return (
    <span className="job-mention">
      <StatusIcon status={job.status} titled />
      <Link
        className="cut"
        title={`${job.rule} ${which}`.trim()}
        to="/runs/$id/jobs/$number"
        params={{ id: run_id, number: String(job.number) }}
        search={true as never}
      >
        {job.rule} <span className="soft">{which}</span>
      </Link>
    </span>
  );
}
