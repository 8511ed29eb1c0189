import { useEffect, useState } from "react";
import { type JobFilter, jobs_csv } from "../../../api/queries.ts";
import type { Job } from "../../../api/types.ts";
import { put_on_clipboard } from "../../../ui/Copy.tsx";
import { count, counted } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { is_filtered } from "../selection/search.ts";
import { type Column, choose_column, shown_columns, table_text, useColumnChoices } from "./columns.ts";
import { as_they_are, type Picked, ranges } from "./picked.ts";

/** How many there are, what can be done with those that are picked, and which columns are shown. */
export function TableFoot({
  id,
  workflow,
  filter,
  total,
  of,
  picked,
  shown,
  all,
  columns,
}: {
  id: string;
  workflow: string;
  filter: JobFilter;
  /** Null while it is not known. */
  total: number | null;
  of: number;
  picked: Picked;
  /** Loaded jobs as they are now. */
  shown: Job[];
  all: Column[];
  columns: Column[];
}) {
  const [copied, say] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => say(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const some = picked.jobs.size;
  return (
    <div className="table-foot">
      {some > 0 ? (
        <>
          <span role="status">{count(some)} picked</span>
          <button
            type="button"
            className="menu-button"
            onClick={() =>
              void put_on_clipboard(table_text(as_they_are(picked.jobs, shown), columns)).then(say)
            }
          >
            <Glyph name={copied ? "tick" : "copy"} size={14} /> {copied ? "Copied" : "Copy"}
          </button>
        </>
      ) : (
        <span className="soft table-count">
          {total !== null &&
            (is_filtered(filter) ? `${count(total)} of ${count(of)} jobs` : counted(total, "job"))}
        </span>
      )}
      <a
        className="menu-button"
        download
        href={jobs_csv(id, filter, some > 0 ? ranges(picked.jobs.keys()) : undefined)}
        title={some > 0 ? "Save the picked jobs as CSV" : "Save all jobs that are listed as CSV"}
      >
        <Glyph name="save" size={14} /> CSV
      </a>
      {some > 0 && (
        <button type="button" className="menu-button" onClick={picked.clear}>
          Clear
        </button>
      )}
      {picked.said && <span className="soft cut">{picked.said}</span>}
      <ColumnMenu all={all} workflow={workflow} />
    </div>
  );
}

function ColumnMenu({ all, workflow }: { all: Column[]; workflow: string }) {
  const choices = useColumnChoices(workflow);
  const shown = new Set(shown_columns(all, choices).map(({ key }) => key));
  return (
    <Menu
      placement="topRight"
      stays
      menu={{
        className: "long-menu",
        selectable: true,
        multiple: true,
        selectedKeys: [...shown],
        items: all
          .filter(({ key }) => key !== "rule" && (key !== "rest" || shown.has(key) || choices[key] === false))
          .map(({ key, label }) => ({ key, label: <span className="cut rule-item">{label}</span> })),
        onClick: ({ key }) => choose_column(workflow, key, !shown.has(key)),
      }}
    >
      <button type="button" className="menu-button table-columns">
        <Glyph name="columns" size={14} /> Columns
      </button>
    </Menu>
  );
}
