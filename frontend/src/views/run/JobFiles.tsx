import { Link } from "@tanstack/react-router";
import type { JobDetail, JobLink } from "../../api/types.ts";
import { Copy } from "../../ui/Copy.tsx";
import { count, wildcards_text } from "../../ui/format.ts";
import { StatusIcon } from "../../ui/StatusIcon.tsx";

function Paths({ title, paths, total }: { title: string; paths: string[]; total?: number }) {
  if (paths.length === 0) return null;
  const hidden = (total ?? paths.length) - paths.length;
  return (
    <>
      <h3>
        {title} <span className="faint">{count(total ?? paths.length)}</span>
      </h3>
      <ul className="paths">
        {paths.map((path) => (
          <li key={path}>
            <code className="cut" title={path}>
              {path}
            </code>
            <Copy text={path} what="path" />
          </li>
        ))}
        {hidden > 0 && <li className="soft">and {count(hidden)} more</li>}
      </ul>
    </>
  );
}

function Jobs({ title, jobs, run_id }: { title: string; jobs: JobLink[]; run_id: string }) {
  if (jobs.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span className="faint">{count(jobs.length)}</span>
      </h3>
      <ul className="paths">
        {jobs.map((job) => (
          <li key={job.number}>
            <StatusIcon status={job.status} titled />
            <Link
              className="cut"
              to="/runs/$id/jobs/$number"
              params={{ id: run_id, number: String(job.number) }}
              search={true as never}
            >
              {job.rule} <span className="soft">{wildcards_text(job.wildcards)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

export function JobFiles({ job, run_id }: { job: JobDetail; run_id: string }) {
  const nothing = job.inputs.length + job.outputs.length + job.logs.length === 0 && !job.benchmark;
  return (
    <>
      {nothing && <p className="soft">No files are known of this job.</p>}
      <Paths title="Outputs" paths={job.outputs} total={job.outputs_total} />
      <Paths title="Inputs" paths={job.inputs} total={job.inputs_total} />
      <Paths title="Logs" paths={job.logs} />
      <Paths title="Benchmark" paths={job.benchmark ? [job.benchmark] : []} />
      <Jobs title="Needs" jobs={job.depends_on} run_id={run_id} />
      <Jobs title="Needed by" jobs={job.dependents} run_id={run_id} />
    </>
  );
}
