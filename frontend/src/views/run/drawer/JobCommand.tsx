import type { JobDetail } from "../../../api/types.ts";
import { Copy } from "../../../ui/Copy.tsx";

const as_text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

export function JobCommand({ job }: { job: JobDetail }) {
  const params =
    job.params == null || Object.keys(job.params as object).length === 0 ? null : as_text(job.params);
  return (
    <>
      {job.command ? (
        <div className="command tall">
          <code>{job.command}</code>
          <Copy text={job.command} what="command" />
        </div>
      ) : (
        <p className="soft">The rule has no shell command: it runs code or a script of its own.</p>
      )}
      {job.message && (
        <>
          <h3>Message</h3>
          <p className="said-by-rule">{job.message}</p>
        </>
      )}
      {job.reason && (
        <>
          <h3>Why it runs</h3>
          <p>{job.reason}</p>
        </>
      )}
      {params && (
        <>
          <h3>Parameters</h3>
          <pre className="tail plain">{params}</pre>
        </>
      )}
      {(job.environment?.conda || job.environment?.container) && (
        <>
          <h3>Environment</h3>
          <dl className="facts">
            {job.environment.conda && (
              <>
                <dt>conda</dt>
                <dd className="mono">{job.environment.conda}</dd>
              </>
            )}
            {job.environment.container && (
              <>
                <dt>container</dt>
                <dd className="mono">{job.environment.container}</dd>
              </>
            )}
          </dl>
        </>
      )}
    </>
  );
}
