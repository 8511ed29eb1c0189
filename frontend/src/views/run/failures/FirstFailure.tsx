import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { first_failure_query } from "../../../api/failed.ts";
import { rerun_query } from "../../../api/queries.ts";
import type {
  AttemptLog,
  FirstFailure as FirstFailureShape,
  JobDetail,
  RunDetail,
} from "../../../api/types.ts";
import { Copy } from "../../../ui/Copy.tsx";
import {
  is_offending,
  last_words,
  more_evidence,
  reason_of,
  says_nothing_more,
} from "../../../ui/failure.ts";
import { base_name, bytes, count, wildcards_text } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { useNarrow } from "../../../ui/narrow.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { LastAttempts } from "../drawer/JobAttempts.tsx";
import { type Held, useFocusAlong } from "../held.ts";
import { useSelection } from "../selection/selection.ts";
import "./failure.css";

const most_lines = { wide: 8, narrow: 5 };

/** The failure that came first, on top of everything: what, why, by which sign, and the ways on. */
export function FirstFailure({
  run,
  failure,
  held,
}: {
  run: RunDetail;
  failure: FirstFailureShape;
  held: Held<FirstFailureShape>;
}) {
  const { set } = useSelection();
  const narrow = useNarrow();
  const button = useFocusAlong(held.pressed);
  const { data: job } = useQuery({
    ...first_failure_query(run.id, failure.number ?? 0),
    enabled: failure.number != null,
  });
  const more = run.jobs.failed - (held.stands ? 1 : 0);
  const last = job?.attempts.find((one) => one.attempt === failure.attempt) ?? job?.attempts.at(-1);
  const message = (last?.message ?? failure.message ?? "").trim();
  const tail = last?.log?.tail ?? "";
  const lines = last_words(tail || message, most_lines[narrow ? "narrow" : "wide"]);
  const log_label = `${tail ? "End of the log" : "Message"} of ${[failure.rule, wildcards_text(failure.wildcards)].filter(Boolean).join(" ")}`;
  const evidence = more_evidence(failure.evidence, lines);
  const beside =
    job && last ? (
      <Beside
        clock={{ frozen: run.lost_since, offset: run.clock_offset }}
        job={job}
        attempt={last}
        message={tail && !says_nothing_more(message) ? message : ""}
      />
    ) : null;
  return (
    <section className="first-failure" aria-labelledby="first-failure">
      <h2 id="first-failure" className="hidden-text">
        First failure
      </h2>
      <div className="first-failure-head">
        <StatusIcon status="failed" />
        {failure.number != null ? (
          <Link
            to="/runs/$id/jobs/$number"
            params={{ id: run.id, number: String(failure.number) }}
            search={true as never}
            className="first-failure-rule cut"
          >
            {failure.rule}
          </Link>
        ) : (
          <b>{failure.rule ?? "Snakemake"}</b>
        )}
        <span className="soft cut">{wildcards_text(failure.wildcards)}</span>
        {held.stands ? (
          <span className="bad">{reason_of(failure)}</span>
        ) : (
          <span className="soft">{reason_of(failure)}, tried again since</span>
        )}
        {evidence && (
          <span className="soft cut first-failure-evidence" title={evidence}>
            {evidence}
          </span>
        )}
        <span className="first-failure-ways">
          {more > 0 && (
            <button
              type="button"
              className="link-button"
              aria-label={`${count(more)} more ${more === 1 ? "failure" : "failures"}`}
              onClick={() => set({ tab: "failures" })}
            >
              {count(more)} more
            </button>
          )}
          {job?.command && (
            <Copy text={job.command} what="the job's command">
              command
            </Copy>
          )}
          {run.ended_at && run.jobs.failed > 0 && <RerunWay id={run.id} />}
          <button
            type="button"
            className="icon-button"
            ref={button}
            aria-expanded={true}
            aria-label="Fold the first failure"
            title="Fold the first failure"
            onClick={held.close}
          >
            <Glyph name="up" />
          </button>
        </span>
      </div>
      {(lines.length > 0 || beside) && (
        <div className="first-failure-body">
          <div className="first-failure-said">
            {tail && last?.log && <LogName log={last.log} />}
            {lines.length > 0 ? (
              <pre className="first-failure-log" tabIndex={0} role="group" aria-label={log_label}>
                {lines.map((line, i) => (
                  <span key={i} className={is_offending(line) ? "offending" : undefined}>
                    {line || " "}
                  </span>
                ))}
              </pre>
            ) : (
              <p className="soft">
                Snakemake gave no reason, and there is no log to show. What the job printed is where Snakemake
                ran: on its terminal, or in the file that its output went to.
              </p>
            )}
          </div>
          {beside}
        </div>
      )}
    </section>
  );
}

/** In the row above, while it is folded: what failed, and the way to all that is known of it. */
export function FoldedFailure({
  failure,
  held,
}: {
  failure: FirstFailureShape;
  held: Held<FirstFailureShape>;
}) {
  const button = useFocusAlong(held.pressed);
  const where = wildcards_text(failure.wildcards);
  const reason = reason_of(failure);
  const told = [failure.rule ?? "Snakemake", where, reason].filter(Boolean).join(", ");
  return (
    <h2 className="run-news-item">
      <button
        type="button"
        className="run-counter"
        ref={button}
        aria-expanded={false}
        title={told}
        onClick={held.open}
      >
        <StatusIcon status="failed" />
        <span className="hidden-text">First failure: </span>
        <b className="cut">{failure.rule ?? "Snakemake"}</b>
        {where && <span className="cut">{where}</span>}
        {reason && <span className="bad cut">{reason}</span>}
        <Glyph name="down" size={12} />
      </button>
    </h2>
  );
}

function LogName({ log }: { log: AttemptLog }) {
  if (!log.path) return null;
  return (
    <p className="faint mono cut" title={log.path}>
      {[log.path, log.size != null && bytes(log.size), log.note].filter(Boolean).join(", ")}
    </p>
  );
}

function RerunWay({ id }: { id: string }) {
  const { data, isPending } = useQuery(rerun_query(id));
  if (!data?.command && !isPending) return null;
  const masked = data?.masked ? ", in which secrets are *** and to be put back" : "";
  return (
    // Its room is kept: what comes later must not move what is read.
    <span title={data?.command ?? undefined} style={{ visibility: isPending ? "hidden" : undefined }}>
      <Copy text={data?.command ?? ""} what={`the command to rerun only what failed${masked}`}>
        <span>
          rerun<span className="wide-only"> only what failed</span>
        </span>
      </Copy>
    </span>
  );
}

const most_inputs = 4;

/** What stands beside the log: the tries side by side, the inputs as they were, Snakemake's own words. */
function Beside({
  job,
  attempt,
  message,
  clock,
}: {
  clock: { frozen: string | null; offset: number };
  job: JobDetail;
  attempt: JobDetail["attempts"][number];
  message: string;
}) {
  const files = [...(attempt.inputs?.files ?? [])].sort(
    (a, b) => Number(a.exists ?? 1) - Number(b.exists ?? 1),
  );
  const total = attempt.inputs?.total ?? 0;
  const missing = files.some((file) => file.exists === false);
  if (job.attempts.length < 2 && files.length === 0 && !message) return null;
  return (
    <div className={`first-failure-beside${missing ? " missing" : ""}`}>
      {job.attempts.length > 1 && <LastAttempts attempts={job.attempts} clock={clock} />}
      {files.length > 0 && (
        <ul className="first-failure-inputs" aria-label="Inputs when it failed">
          {files.slice(0, most_inputs).map((file) => (
            <li key={file.path} className={file.exists === false ? "missing" : undefined}>
              <code className="cut" title={file.path}>
                {file.path.length > 48 ? `…/${base_name(file.path)}` : file.path}
              </code>
              {file.exists === false ? (
                <span className="bad">missing</span>
              ) : (
                <span className={file.size === 0 ? "bad" : "soft"}>
                  {file.size === 0 ? "empty" : file.size != null ? bytes(file.size) : (file.note ?? "")}
                </span>
              )}
            </li>
          ))}
          {total > most_inputs && <li className="faint">and {count(total - most_inputs)} more inputs</li>}
        </ul>
      )}
      {message && (
        <p className="first-failure-message soft" title={message}>
          {message.split("\n").at(-1)}
        </p>
      )}
    </div>
  );
}
