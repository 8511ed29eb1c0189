import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { AttemptLog, Failure, RunDetail } from "../../../api/types.ts";
import { plain_lines } from "../../../ui/ansi.ts";
import { is_offending, last_words } from "../../../ui/failure.ts";
import { bytes, wildcards_text } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { ClockTime } from "../../../ui/Times.tsx";
import { InputsSeen } from "../drawer/InputsSeen.tsx";

const most_lines = 8;

/** One wildcard with its name; of several the values, which tell enough side by side. */
export function named({
  number,
  wildcards,
}: {
  number: number | null;
  wildcards: Record<string, string>;
}): string {
  const values = Object.values(wildcards);
  return (values.length > 1 ? values.join(" ") : wildcards_text(wildcards)) || `job ${number}`;
}

export function JobLink({
  run_id,
  number,
  children,
}: {
  run_id: string;
  number: number;
  children: ReactNode;
}) {
  return (
    <Link
      to="/runs/$id/jobs/$number"
      params={{ id: run_id, number: String(number) }}
      search={true as never}
      className="failure-rule cut"
    >
      {children}
    </Link>
  );
}

/** One failure among others of its cause: the line that tells, and on request its logs and inputs as they were. */
export function Member({ failure, run, alone }: { failure: Failure; run: RunDetail; alone: boolean }) {
  const [open, set_open] = useState(alone);
  const text = failure.log?.tail || failure.message || "";
  const lines = plain_lines(text.trim());
  const line = lines.findLast(is_offending) ?? lines.at(-1) ?? "";
  const name = named(failure);
  return (
    <li>
      <div className="failure-member">
        <JobLink run_id={run.id} number={failure.number ?? 0}>
          {name}
        </JobLink>
        <code className="cut soft" title={line}>
          {line.trim()}
        </code>
        <span className="failure-end faint">
          {failure.attempts != null && failure.attempts > 1 && <span>{failure.attempts} attempts</span>}
          <ClockTime at={failure.at} offset={run.clock_offset} />
          <button
            type="button"
            className="icon-button"
            aria-expanded={open}
            aria-label={`Logs and inputs of ${name}`}
            onClick={() => set_open(!open)}
          >
            <Glyph name={open ? "up" : "down"} />
          </button>
        </span>
      </div>
      {open && <Known failure={failure} text={text} />}
    </li>
  );
}

function Known({ failure, text }: { failure: Failure; text: string }) {
  // The one that tells why comes first, then what others said: the cluster's above all.
  const others = failure.tails.filter((one) => one.tail && one.path !== failure.log?.path);
  return (
    <div className="failure-body">
      <div>
        {failure.log?.tail ? (
          <Tail log={failure.log} />
        ) : (
          text && <Words text={text} label={`Message of ${named(failure)}`} />
        )}
        {others.map((log) => (
          <Tail key={log.path} log={log} />
        ))}
      </div>
      {failure.inputs && failure.inputs.total > 0 && (
        <div>
          <p className="faint">Inputs when it failed</p>
          <InputsSeen inputs={failure.inputs} />
        </div>
      )}
    </div>
  );
}

function Tail({ log }: { log: AttemptLog }) {
  return (
    <>
      <p className="faint mono cut" title={log.path ?? undefined}>
        {[log.path, log.cluster && "of the cluster", log.size != null && bytes(log.size), log.note]
          .filter(Boolean)
          .join(", ")}
      </p>
      <Words text={log.tail ?? ""} label={`End of ${log.path ?? "the log"}`} />
    </>
  );
}

function Words({ text, label }: { text: string; label: string }) {
  return (
    <pre className="first-failure-log" tabIndex={0} role="group" aria-label={label}>
      {last_words(text, most_lines).map((line, i) => (
        <span key={i} className={is_offending(line) ? "offending" : undefined}>
          {line || " "}
        </span>
      ))}
    </pre>
  );
}
