import { useEffect, useRef, useState } from "react";
import type { Attempt, JobDetail } from "../../api/types.ts";
import { look_of } from "../../theme/status.ts";
import { Copy } from "../../ui/Copy.tsx";
import { is_offending } from "../../ui/failure.ts";
import { bytes } from "../../ui/format.ts";
import { Said } from "../../ui/Said.tsx";
import "./log.css";

const unstarted: Partial<Record<JobDetail["status"], string>> = {
  planned: "It waits for the jobs that it needs",
  queued: "It waits for its turn",
  skipped: "It was not started",
};

export function Tail({ text, bad }: { text: string; bad: boolean }) {
  const lines = text.replace(/\s+$/, "").split("\n");
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    // The cause stands near the end: a long log opens there.
    if (bad && text)
      [...(box.current?.querySelectorAll(".offending") ?? [])].at(-1)?.scrollIntoView({ block: "center" });
  }, [bad, text]);
  return (
    // Scrolled by keyboard too: long lines of a log hide their end otherwise.
    <pre className="tail" tabIndex={0} ref={box}>
      {lines.map((line, i) => (
        <span key={i} className={bad && is_offending(line) ? "offending" : undefined}>
          <i>{i + 1}</i>
          {line}
        </span>
      ))}
    </pre>
  );
}

export function JobLog({ job }: { job: JobDetail }) {
  const [chosen, choose] = useState<number | null>(null);
  const attempt = job.attempts.find((one) => one.attempt === chosen) ?? job.attempts.at(-1);
  if (!attempt) {
    return <Said title={unstarted[job.status] ?? "It has not started"} />;
  }
  return (
    <>
      {job.attempts.length > 1 && (
        <div className="attempt-choice" role="group" aria-label="Attempt">
          {job.attempts.map((one) => (
            <button
              key={one.attempt}
              type="button"
              className="run-counter"
              aria-pressed={one === attempt}
              onClick={() => choose(one.attempt)}
            >
              attempt {one.attempt}, {look_of(one.status).word}
            </button>
          ))}
        </div>
      )}
      <AttemptLogText attempt={attempt} job={job} />
    </>
  );
}

function AttemptLogText({ attempt, job }: { attempt: Attempt; job: JobDetail }) {
  const { log, message } = attempt;
  const path = log?.path ?? job.logs[0];
  return (
    <>
      {message && message !== log?.tail && <pre className="tail plain">{message.replace(/\s+$/, "")}</pre>}
      {path && (
        <p className="log-path">
          <span className="mono cut" title={path}>
            {path}
          </span>
          <Copy text={path} what="path" />
          <span className="faint">{log?.size != null && bytes(log.size)}</span>
        </p>
      )}
      {log?.note && <p className="soft">{log.note}</p>}
      {log?.tail ? (
        <Tail text={log.tail} bad={attempt.status === "failed"} />
      ) : (
        <p className="soft">
          {path
            ? "No copy of this log was kept. Logs are copied when a job fails."
            : "The rule has no log file. What it printed is in the run's own log, if anywhere."}
        </p>
      )}
    </>
  );
}
