import type { JobDetail } from "../../api/types.ts";
import { reason_of } from "../../ui/failure.ts";
import { Said } from "../../ui/Said.tsx";
import { StatusWord } from "../../ui/StatusIcon.tsx";
import { ClockTime, Elapsed } from "../../ui/Times.tsx";
import { resource_text, told_once } from "./JobResources.tsx";

/** Side by side, so that what changed from try to try is seen. */
export function JobAttempts({ job }: { job: JobDetail }) {
  if (job.attempts.length === 0) return <Said title="It has not been tried yet" />;
  const names = told_once([...new Set(job.attempts.flatMap((one) => Object.keys(one.resources)))]);
  const rows: [string, (attempt: JobDetail["attempts"][number]) => React.ReactNode][] = [
    ["Status", (one) => <StatusWord status={one.status} />],
    ["Ended with", (one) => reason_of(one) || (one.status === "succeeded" ? "exit 0" : "")],
    ["Queued", (one) => <ClockTime at={one.queued_at} />],
    ["Started", (one) => <ClockTime at={one.started_at} />],
    [
      "Took",
      (one) =>
        one.started_at && (one.ended_at || one.status === "running") ? (
          <Elapsed since={one.started_at} until={one.ended_at} />
        ) : null,
    ],
    ["Id", (one) => one.external_id],
    ...names.map((name): [string, (attempt: JobDetail["attempts"][number]) => React.ReactNode] => [
      name,
      (one) => (one.resources[name] === undefined ? "" : resource_text(name, one.resources[name])),
    ]),
  ];
  const said = rows.filter(([, show]) =>
    job.attempts.some((attempt) => {
      const shown = show(attempt);
      return shown !== null && shown !== "" && shown !== undefined;
    }),
  );
  return (
    <div className="attempts" tabIndex={0} role="region" aria-label="Attempts">
      <table>
        <thead>
          <tr>
            <td />
            {job.attempts.map((one) => (
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
              {job.attempts.map((one) => (
                <td key={one.attempt}>{show(one)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
