import { Dropdown, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import type { RunDetail } from "../../api/types.ts";
import { job_statuses, look_of } from "../../theme/status.ts";
import { count } from "../../ui/format.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { useSelection } from "./selection.ts";

/** The counters are filters; what else is chosen stands beside them as chips. */
export function SelectionRow({ run }: { run: RunDetail }) {
  const { search, toggle_status, toggle_rule, clear } = useSelection();
  const chosen = search.status ?? [];
  const shown = job_statuses.filter((status) => run.jobs[status] > 0 || chosen.includes(status));
  const rules = search.rule ?? [];
  const any = chosen.length > 0 || rules.length > 0 || search.q;
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
        <Dropdown
          trigger={["click"]}
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
        </Dropdown>
        {rules.map((rule) => (
          <span className="chip removable" key={rule}>
            <span className="cut" title={rule}>
              {rule}
            </span>
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove rule ${rule}`}
              onClick={() => toggle_rule(rule)}
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
      <JobSearch />
    </div>
  );
}

function JobSearch() {
  const { search, set } = useSelection();
  const q = search.q ?? "";
  const [text, set_text] = useState(q);
  const field = useRef<InputRef>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (document.activeElement !== field.current?.input) set_text(q);
  }, [q]);
  const go = (next: string) => {
    clearTimeout(timer.current);
    set({ q: next.trim() || undefined }, true);
  };
  return (
    <Input
      ref={field}
      data-slash
      size="small"
      className="run-job-search"
      aria-label="Filter jobs"
      placeholder="Filter jobs"
      prefix={<Glyph name="search" size={14} />}
      suffix={text ? undefined : <kbd>/</kbd>}
      allowClear
      value={text}
      onChange={(event) => {
        const next = event.target.value;
        set_text(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => go(next), 200);
      }}
      onPressEnter={() => go(text)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        if (text) {
          set_text("");
          go("");
        }
        field.current?.blur();
      }}
    />
  );
}
