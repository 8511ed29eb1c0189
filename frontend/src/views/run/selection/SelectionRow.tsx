import { type ReactNode, useRef } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { type JobStatus, job_statuses, look_of } from "../../../theme/status.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { useOverflow } from "../../../ui/overflow.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { JobSearch } from "./JobSearch.tsx";
import { useSelection } from "./selection.ts";
import { key_of, wildcard_parts } from "./terms.ts";

const lasting: JobStatus[] = ["failed", "running", "succeeded", "planned"];

/** Of which statuses there is a counter. While the run goes on none of them goes away, so that none moves under the pointer. */
function useShown({ id, ended_at, dry_run, jobs }: RunDetail, chosen: JobStatus[]): JobStatus[] {
  const goes_on = !ended_at && !dry_run; // a lost one may come back
  const seen = useRef({ of: "", statuses: new Set<JobStatus>() });
  const of = `${id} ${goes_on}`;
  if (seen.current.of !== of) seen.current = { of, statuses: new Set(goes_on ? lasting : []) };
  const { statuses } = seen.current;
  for (const one of job_statuses) if (goes_on && jobs[one] > 0) statuses.add(one);
  return job_statuses.filter((one) => jobs[one] > 0 || chosen.includes(one) || statuses.has(one));
}

interface Chip {
  key: string;
  value: string;
  remove: () => void;
}

/**
 * The counters are filters; what else is chosen stands beside them as chips. `children`: what else the run has to tell, in the
 * room that is kept for it.
 */
export function SelectionRow({ run, children }: { run: RunDetail; children?: ReactNode }) {
  const { search, toggle_status, toggle_rule, toggle_wildcard, toggle_id, clear } = useSelection();
  const chosen = search.status ?? [];
  const shown = useShown(run, chosen);
  const rules = search.rule ?? [];
  const counters = useRef<HTMLDivElement>(null);
  const chosen_row = useRef<HTMLDivElement>(null);
  useOverflow(counters);
  useOverflow(chosen_row);
  const chips: Chip[] = [
    ...rules.map((rule) => ({ key: "rule", value: rule, remove: () => toggle_rule(rule) })),
    ...(search.wildcard ?? []).map((pair) => {
      const [name, value] = wildcard_parts(pair);
      return { key: key_of(name), value, remove: () => toggle_wildcard(pair) };
    }),
    ...(search.id ?? []).map((id) => ({ key: "id", value: id, remove: () => toggle_id(id) })),
  ];
  const any = chosen.length > 0 || chips.length > 0 || search.q;
  return (
    <div className="run-select" data-chosen={any ? "" : undefined}>
      <div className="run-counters fades" ref={counters} role="group" aria-label="Jobs by status">
        {shown.map((status) => (
          <button
            key={status}
            type="button"
            className="run-counter"
            data-none={run.jobs[status] === 0 || undefined}
            aria-pressed={chosen.includes(status)}
            title={`${count(run.jobs[status])} ${look_of(status).word}`}
            onClick={() => toggle_status(status)}
          >
            <StatusIcon status={status} />
            <b>{count(run.jobs[status])}</b>
            <span>{look_of(status).word}</span>
          </button>
        ))}
      </div>
      <div className="run-chips fades" ref={chosen_row}>
        <Menu
          menu={{
            className: "long-menu",
            selectable: true,
            multiple: true,
            selectedKeys: rules,
            items: run.rules.map(({ rule, jobs }) => ({
              key: rule,
              label: <span className="cut rule-item">{rule}</span>,
              extra: count(jobs.total),
            })),
            onClick: ({ key }) => toggle_rule(key),
          }}
        >
          <button type="button" className="menu-button">
            Rule <Glyph name="down" size={12} />
          </button>
        </Menu>
        {chips.map(({ key, value, remove }) => (
          <span className="chip removable" key={`${key}:${value}`} title={`${key} ${value}`}>
            <span className="faint">{key}</span>
            <span className="cut">{value || "(empty)"}</span>
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove ${key} ${value}`}
              onClick={remove}
            >
              <Glyph name="close" size={12} />
            </button>
          </span>
        ))}
        {any && (
          <button type="button" className="menu-button" onClick={clear}>
            Clear
          </button>
        )}
      </div>
      <div className="run-news-room">{children}</div>
      <JobSearch run={run} />
    </div>
  );
}
