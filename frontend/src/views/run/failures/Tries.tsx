import type { ReactNode } from "react";
import type { Attempt } from "../../../api/types.ts";
import { reason_of } from "../../../ui/failure.ts";
import { Elapsed } from "../../../ui/Times.tsx";
import { resource_text, told_once } from "../drawer/JobResources.tsx";

const most = 4;

/** The last tries of a job side by side, and of their resources only what changed from one to the next. */
export function Tries({ attempts }: { attempts: Attempt[] }) {
  const shown = attempts.slice(-most);
  const names = told_once([...new Set(shown.flatMap((one) => Object.keys(one.resources)))]);
  const changed = names.filter((name) => new Set(shown.map((one) => String(one.resources[name]))).size > 1);
  const rows: [string, (one: Attempt) => ReactNode][] = [
    ["Ended with", (one) => reason_of(one) || one.status],
    [
      "Took",
      (one) => one.started_at && one.ended_at && <Elapsed since={one.started_at} until={one.ended_at} />,
    ],
    ...changed.map((name): [string, (one: Attempt) => ReactNode] => [
      name,
      (one) => (one.resources[name] === undefined ? "" : resource_text(name, one.resources[name])),
    ]),
  ];
  return (
    <table className="tries">
      <thead>
        <tr>
          <th scope="col">Attempt</th>
          {shown.map((one) => (
            <th key={one.attempt} scope="col">
              {one.attempt}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, show]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {shown.map((one) => (
              <td key={one.attempt}>{show(one)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
