import type { RunDetail } from "../../../api/types.ts";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { JobSearch } from "./JobSearch.tsx";
import { useSelection } from "./selection.ts";
import { key_of, wildcard_parts } from "./terms.ts";

interface Chip {
  key: string;
  value: string;
  remove: () => void;
}

/** The counters are filters; what else is chosen stands beside them as chips. */
export function SelectionRow({ run }: { run: RunDetail }) {
  const { search, toggle_status, toggle_rule, toggle_wildcard, toggle_id, clear } = useSelection();
  const chosen = search.status ?? [];
  const shown = job_statuses.filter((status) => run.jobs[status] > 0 || chosen.includes(status));
  const rules = search.rule ?? [];
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
    <div className="run-select">
      <div className="run-counters" role="group" aria-label="Jobs by status">
        {shown.map((status) => (
          <button
            key={status}
            type="button"
            className="run-counter"
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
      <div className="run-chips">
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
      <JobSearch run={run} />
    </div>
  );
}
