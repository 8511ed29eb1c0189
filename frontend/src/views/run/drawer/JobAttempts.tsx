import type { Attempt, JobDetail } from "../../../api/types.ts";
import { evidence_of, reason_of } from "../../../ui/failure.ts";
import { bytes, duration } from "../../../ui/format.ts";
import { Said } from "../../../ui/Said.tsx";
import { StatusWord } from "../../../ui/StatusIcon.tsx";
import { ClockTime, Elapsed } from "../../../ui/Times.tsx";
import { InputsSeen } from "./InputsSeen.tsx";
import { resource_text, told_once } from "./JobResources.tsx";
import { share_text, timed_by_words, used_against_asked } from "./used.ts";
import "./attempts.css";

/** When the run was last heard of, if it is lost; seconds from its clock to the server's. */
interface Clock {
  frozen: string | null;
  offset: number;
}

type Show = (attempt: Attempt) => React.ReactNode;

/** How long it ran: as told, else, while it runs, so far. */
function Ran({ attempt, clock }: { attempt: Attempt; clock: Clock }) {
  if (attempt.run_seconds != null) return <>{duration(attempt.run_seconds)}</>;
  if (attempt.status !== "running" || !attempt.started_at) return null;
  return <Elapsed since={attempt.started_at} until={null} {...clock} />;
}

function Logs({ attempt }: { attempt: Attempt }) {
  return (
    <ul className="attempt-list">
      {attempt.logs.map((log) => (
        <li key={log.path}>
          <code className="cut" title={log.path ?? undefined}>
            {log.path}
          </code>
          <span className="faint">
            {[log.cluster && "of the cluster", log.size != null && bytes(log.size), log.note]
              .filter(Boolean)
              .join(", ")}
          </span>
        </li>
      ))}
    </ul>
  );
}

const of_executor = ({ executor, queue, status }: NonNullable<Attempt["remote"]>) =>
  [executor, queue && `queue ${queue}`, status].filter(Boolean).join(", ");

/** Seconds since the epoch by the executor's own clock, which may be another than the run's. */
function OfExecutor({ remote }: { remote: NonNullable<Attempt["remote"]> }) {
  const times: [string, number | null][] = [
    ["queued", remote.queued_at],
    ["started", remote.started_at],
    ["stopped", remote.stopped_at],
  ];
  return (
    <ul>
      {times.map(
        ([word, at]) =>
          at != null && (
            <li key={word}>
              {word} <ClockTime at={new Date(at * 1000).toISOString()} />
            </li>
          ),
      )}
    </ul>
  );
}

const has_times = ({ queued_at, started_at, stopped_at }: NonNullable<Attempt["remote"]>) =>
  queued_at != null || started_at != null || stopped_at != null;

type Row = [string, Show];

const ended_with: Row = [
  "Ended with",
  (one) => reason_of(one) || (one.status === "succeeded" ? "exit 0" : ""),
];

const ran = (clock: Clock): Row => [
  "Ran",
  (one) => (one.run_seconds != null || one.status === "running") && <Ran attempt={one} clock={clock} />,
];

/** The last of them side by side, and of what was asked for only what changed from one to the next. */
export function LastAttempts({ attempts, clock }: { attempts: Attempt[]; clock: Clock }) {
  const shown = attempts.slice(-most_last);
  const names = told_once([...new Set(shown.flatMap((one) => Object.keys(one.resources)))]);
  const changed = names.filter((name) => new Set(shown.map((one) => String(one.resources[name]))).size > 1);
  return (
    <SideBySide attempts={shown} rows={[ended_with, ran(clock), ...changed.map((name) => asked(name))]} />
  );
}

const most_last = 4;

const asked = (name: string): Row => [
  `${name} asked`,
  (one) => (one.resources[name] === undefined ? "" : resource_text(name, one.resources[name])),
];

const to_the_last = (node: HTMLDivElement | null) => {
  if (node) node.scrollLeft = node.scrollWidth;
};

/** Side by side, so that what changed from try to try is seen. */
export function JobAttempts({ job, clock }: { job: JobDetail; clock: Clock }) {
  if (job.attempts.length === 0) return <Said title="It has not been tried yet" />;
  const names = told_once([...new Set(job.attempts.flatMap((one) => Object.keys(one.resources)))]);
  const uses = [
    ...new Set(job.attempts.flatMap((one) => used_against_asked(one, job.threads).map((u) => u.what))),
  ];
  const rows: Row[] = [
    ["Status", (one) => <StatusWord status={one.status} />],
    ended_with,
    ["Known by", (one) => evidence_of(one) && <span className="attempt-text">{evidence_of(one)}</span>],
    [
      "Submitted",
      (one) => one.queued_at !== one.started_at && <ClockTime at={one.queued_at} offset={clock.offset} />,
    ],
    ["Started", (one) => one.started_at && <ClockTime at={one.started_at} offset={clock.offset} />],
    ["Ended", (one) => one.ended_at && <ClockTime at={one.ended_at} offset={clock.offset} />],
    ["Waited", (one) => one.queue_seconds != null && duration(one.queue_seconds)],
    ran(clock),
    [
      "Told by",
      (one) =>
        one.timed_by &&
        timed_by_words[one.timed_by] && <span className="attempt-text">{timed_by_words[one.timed_by]}</span>,
    ],
    ["Id", (one) => one.external_id],
    ["Executor", (one) => one.remote && of_executor(one.remote)],
    [
      "Of the executor",
      (one) => one.remote?.reason && <span className="attempt-text">{one.remote.reason}</span>,
    ],
    [
      "By the executor's clock",
      (one) => one.remote && has_times(one.remote) && <OfExecutor remote={one.remote} />,
    ],
    ...names.map(asked),
    ...uses.map((what): [string, Show] => [
      `${what} used`,
      (one) => {
        const use = used_against_asked(one, job.threads).find((u) => u.what === what);
        return use && [use.used, share_text(use)].filter(Boolean).join(", ");
      },
    ]),
    ["Logs kept", (one) => one.logs.length > 0 && <Logs attempt={one} />],
    ["Inputs then", (one) => one.inputs && <InputsSeen inputs={one.inputs} />],
  ];
  return (
    // Where not all have room, the last are what one came for.
    <div className="attempts" tabIndex={0} role="region" aria-label="Attempts" ref={to_the_last}>
      <SideBySide attempts={job.attempts} rows={rows} />
    </div>
  );
}

function SideBySide({ attempts, rows }: { attempts: Attempt[]; rows: Row[] }) {
  const said = rows.filter(([, show]) => attempts.some((attempt) => show(attempt)));
  return (
    <table className="side-by-side" style={{ "--tries": attempts.length } as React.CSSProperties}>
      <thead>
        <tr>
          <td />
          {attempts.map((one) => (
            <th key={one.attempt} scope="col">
              Attempt {one.attempt}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {said.map(([name, show]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {attempts.map((one) => (
              <td key={one.attempt}>{show(one)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
