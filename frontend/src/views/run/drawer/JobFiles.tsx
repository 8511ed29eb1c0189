import type { JobDetail } from "../../../api/types.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { count, counted } from "../../../ui/format.ts";
import { type Input, inputs_by_rule, users_of } from "./file_jobs.ts";
import { JobMention } from "./JobMention.tsx";

const one_by_one = 24; // inputs; more are folded by the rule that makes them
const unfolded = 200; // files of a fold
const users_shown = 3; // jobs of a file

function Path({ path, children }: { path: string; children?: React.ReactNode }) {
  return (
    <li>
      <span className="path-line">
        <code className="cut" title={path}>
          {path}
        </code>
        <Copy text={path} what="path" />
      </span>
      {children}
    </li>
  );
}

function Users({ job, run_id, place }: { job: JobDetail; run_id: string; place: number }) {
  const { jobs, many } = users_of(job, place);
  if (jobs.length === 0) return null;
  return (
    <span className="file-jobs">
      <span className="faint">used by</span>
      {jobs.slice(0, users_shown).map((one) => (
        <JobMention key={one.number} job={one} run_id={run_id} />
      ))}
      {many > users_shown && <span className="soft">and {count(many - users_shown)} more</span>}
    </span>
  );
}

interface Made {
  title: string;
  paths: string[];
  total?: number;
  /** Where they begin among outputs, logs and benchmark. */
  from: number;
}

function MadeFiles({ title, paths, total, from, job, run_id }: Made & { job: JobDetail; run_id: string }) {
  if (paths.length === 0) return null;
  const shown = paths.slice(0, unfolded);
  const hidden = (total ?? paths.length) - shown.length;
  return (
    <>
      <h3>
        {title} <span className="faint">{count(total ?? paths.length)}</span>
      </h3>
      <ul className="paths" aria-label={title}>
        {shown.map((path, i) => (
          <Path key={path} path={path}>
            <Users job={job} run_id={run_id} place={from + i} />
          </Path>
        ))}
        {hidden > 0 && <li className="soft">and {count(hidden)} more</li>}
      </ul>
    </>
  );
}

function InputPaths({ files, run_id, outside }: { files: Input[]; run_id: string; outside: boolean }) {
  const shown = files.slice(0, unfolded);
  return (
    <ul className="paths">
      {shown.map(({ path, maker }) => (
        <Path key={path} path={path}>
          {maker ? (
            <span className="file-jobs">
              <span className="faint">made by</span>
              <JobMention job={maker} run_id={run_id} />
            </span>
          ) : (
            outside && <span className="file-jobs faint">made by no job of this run</span>
          )}
        </Path>
      ))}
      {files.length > shown.length && <li className="soft">and {count(files.length - shown.length)} more</li>}
    </ul>
  );
}

/** Each with the job that made it; many of them folded by its rule. */
function InputFiles({ job, run_id }: { job: JobDetail; run_id: string }) {
  if (job.inputs.length === 0) return null;
  const outside = job.made_by?.open === 0;
  const groups = inputs_by_rule(job);
  const hidden = job.inputs_total - job.inputs.length;
  return (
    <>
      <h3>
        Inputs <span className="faint">{count(job.inputs_total)}</span>
      </h3>
      {job.inputs.length <= one_by_one ? (
        <InputPaths files={groups.flatMap((group) => group.files)} run_id={run_id} outside={outside} />
      ) : (
        groups.map(({ rule, files }) => (
          <details key={rule ?? ""} className="fold">
            <summary>
              <span className="cut">
                {rule ?? (outside ? "made by no job of this run" : "not known by which job")}
              </span>
              <span className="faint">{count(files.length)}</span>
            </summary>
            <InputPaths files={files} run_id={run_id} outside={false} />
          </details>
        ))
      )}
      {hidden > 0 && <p className="soft">and {count(hidden)} more, which were not recorded one by one</p>}
    </>
  );
}

const jobs_word = (many: number) => counted(many, "job");

/** What cannot be said of the files' other side, and why. */
function Open({ job }: { job: JobDetail }) {
  if (!job.made_by || !job.used_by) {
    return (
      <p className="soft">Which jobs make and use them is not known: no plan with this job was recorded.</p>
    );
  }
  const { made_by, used_by } = job;
  return (
    <>
      {made_by.open > 0 && job.inputs.length > 0 && (
        <p className="soft">What {jobs_word(made_by.open)} that it needs made is not known.</p>
      )}
      {used_by.open > 0 && (
        <p className="soft">
          What {jobs_word(used_by.open)} that {used_by.open === 1 ? "needs" : "need"} it will use is not
          known.
        </p>
      )}
    </>
  );
}

export function JobFiles({ job, run_id }: { job: JobDetail; run_id: string }) {
  const benchmark = job.benchmark ? [job.benchmark] : [];
  const [outputs, logs] = [job.outputs.length, job.logs.length];
  const of = { job, run_id };
  if (outputs + logs + benchmark.length + job.inputs.length === 0) {
    return (
      <p className="soft">
        {job.attempts.length === 0
          ? "Its files are told when it is started."
          : "No files are known of this job."}
      </p>
    );
  }
  return (
    <>
      <MadeFiles title="Outputs" paths={job.outputs} total={job.outputs_total} from={0} {...of} />
      <InputFiles {...of} />
      <MadeFiles title="Logs" paths={job.logs} from={outputs} {...of} />
      <MadeFiles title="Benchmark" paths={benchmark} from={outputs + logs} {...of} />
      <Open job={job} />
    </>
  );
}
