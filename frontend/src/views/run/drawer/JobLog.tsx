import type { WhichLog } from "../../../api/queries.ts";
import type { Attempt, JobDetail } from "../../../api/types.ts";
import { look_of } from "../../../theme/status.ts";
import { plain_lines } from "../../../ui/ansi.ts";
import { Said } from "../../../ui/Said.tsx";
import { LogTail } from "../log/LogTail.tsx";
import { useSelection } from "../selection/selection.ts";
import "../log/log.css";

const unstarted: Partial<Record<JobDetail["status"], string>> = {
  planned: "It waits for the jobs that it needs",
  queued: "It waits for its turn",
  skipped: "It was not started",
};

interface LogChoice {
  log: WhichLog["log"];
  path: string;
}

function logs_of(job: JobDetail, attempt: Attempt): LogChoice[] {
  const own: LogChoice[] = job.logs.map((path, log) => ({ log, path }));
  return attempt.cluster_log ? [...own, { log: "cluster", path: attempt.cluster_log }] : own;
}

/** Its last name, and as much of the folders above as tells it from the others. */
function short_name({ log, path }: LogChoice, all: LogChoice[]): string {
  if (log === "cluster") return "cluster's log";
  const parts = path.split("/");
  const last = parts.at(-1) ?? path;
  const same = all.filter((one) => one.path.split("/").at(-1) === last).length > 1;
  return same ? parts.slice(-2).join("/") : last;
}

/** The logs of a job, attempt by attempt. Which one is shown is in the URL. */
export function JobLog({ job }: { job: JobDetail }) {
  const { id, search, set } = useSelection();
  const attempt = job.attempts.find((one) => String(one.attempt) === search.attempt) ?? job.attempts.at(-1);
  if (!attempt) {
    return <Said title={unstarted[job.status] ?? "It has not started"} />;
  }
  const logs = logs_of(job, attempt);
  // Of a failed attempt the log that tells why, where it is known.
  const telling = attempt.status === "failed" && attempt.log?.tail ? attempt.log.path : null;
  const chosen =
    logs.find((one) => String(one.log) === search.joblog) ??
    logs.find((one) => one.path === telling) ??
    logs.at(0);
  return (
    <div className="job-log">
      <div className="log-choices">
        {job.attempts.length > 1 && (
          <div className="attempt-choice" role="group" aria-label="Attempt">
            {job.attempts.map((one) => (
              <button
                key={one.attempt}
                type="button"
                className="run-counter"
                aria-pressed={one === attempt}
                onClick={() =>
                  set({ attempt: one === job.attempts.at(-1) ? undefined : String(one.attempt) }, true)
                }
              >
                attempt {one.attempt}, {look_of(one.status).word}
              </button>
            ))}
          </div>
        )}
        {logs.length > 1 && (
          <div className="attempt-choice" role="group" aria-label="Log file">
            {logs.map((one) => (
              <button
                key={one.log}
                type="button"
                className="run-counter"
                aria-pressed={one === chosen}
                title={one.path}
                onClick={() => set({ joblog: String(one.log) }, true)}
              >
                {short_name(one, logs)}
              </button>
            ))}
          </div>
        )}
        {attempt.message && attempt.message !== attempt.log?.tail && (
          <pre className="tail plain log-message" tabIndex={0}>
            {plain_lines(attempt.message.replace(/\s+$/, "")).join("\n")}
          </pre>
        )}
      </div>
      {chosen ? (
        <LogTail
          key={`${job.number}:${attempt.attempt}:${chosen.log}`}
          which={{ id, number: job.number, attempt: attempt.attempt, log: chosen.log }}
          path={chosen.path}
          job={job}
          attempt={attempt}
        />
      ) : (
        <Said title="The rule has no log file">
          <p>
            What it printed is where Snakemake ran: on its terminal, or in the file that its output went to.
          </p>
        </Said>
      )}
    </div>
  );
}
