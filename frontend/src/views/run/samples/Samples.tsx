import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { grid_query } from "../../../api/queries.ts";
import type { Grid, RunDetail } from "../../../api/types.ts";
import { Announce } from "../../../ui/Announce.tsx";
import { count, counted } from "../../../ui/format.ts";
import { Said } from "../../../ui/Said.tsx";
import { useSelection } from "../selection/selection.ts";
import { type Cell, type GridRow, type GridSort, grid_rows, shown_rows } from "./grid_rows.ts";
import { SampleSheet } from "./SampleSheet.tsx";
import "./samples.css";

/** The values of a wildcard against the rules: how each sample stands. */
export function Samples({ run }: { run: RunDetail }) {
  const { search, set } = useSelection();
  // A name that an old address holds and no job of this run has is nobody's choice.
  const wildcard = search.rows !== undefined && run.wildcards.includes(search.rows) ? search.rows : null;
  const grid = useQuery(grid_query(run.id, wildcard));
  if (grid.error && !grid.data) {
    return (
      <Said
        alert
        title="The samples could not be loaded"
        actions={<Button onClick={() => void grid.refetch()}>Try again</Button>}
      >
        <p>{grid.error.message}</p>
      </Said>
    );
  }
  if (!grid.data) return <div className="samples" aria-busy="true" />;
  if (grid.data.wildcard === null) {
    return (
      <Said title="No wildcards">
        <p>The jobs of this run have none, so there are no samples to tell apart.</p>
      </Said>
    );
  }
  return (
    <Drawn
      grid={grid.data}
      name={grid.data.wildcard}
      choose={(rows) => set({ rows })}
      usual={run.jobs.failed > 0 ? "failed" : "name"}
    />
  );
}

function Drawn({
  grid,
  name,
  choose,
  usual,
}: {
  grid: Grid;
  name: string;
  choose: (wildcard: string) => void;
  /** The order as long as none is chosen. */
  usual: GridSort;
}) {
  const { search, set, choose: add, open_job, toggle_rule, toggle_wildcard } = useSelection();
  const [find, set_find] = useState("");
  const sort = search.order ?? usual;
  const rows = useMemo(() => grid_rows(grid), [grid]);
  const shown = useMemo(() => {
    const pairs = (search.wildcard ?? []).filter((pair) => pair.startsWith(`${name}:`));
    return shown_rows(rows, {
      find,
      sort,
      values: pairs.map((pair) => pair.slice(name.length + 1)),
      statuses: search.status ?? [],
      rules: (search.rule ?? []).map((rule) => grid.rules.indexOf(rule)).filter((index) => index >= 0),
    });
  }, [rows, grid.rules, name, find, sort, search.wildcard, search.status, search.rule]);

  const open = (row: GridRow, rule: number, cell: Cell) => {
    if (cell.total === 1 || cell.counts[cell.first] === 1) open_job(cell.number);
    else {
      const at = grid.rules[rule];
      add({ rule: at ? [at] : [], wildcard: row.value === null ? [] : [`${name}:${row.value}`] }, search.q);
      set({ tab: undefined });
    }
  };
  return (
    <div className="samples">
      <div className="samples-bar">
        <label>
          <span className="faint">Rows</span>{" "}
          <select value={name} onChange={(event) => choose(event.target.value)}>
            {(grid.wildcards.includes(name) ? grid.wildcards : [name, ...grid.wildcards]).map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <input
          type="search"
          aria-label={`Find ${name}`}
          placeholder={`Find ${name}`}
          value={find}
          onChange={(event) => set_find(event.target.value)}
        />
        <button
          type="button"
          className="chip"
          aria-pressed={sort === "failed"}
          onClick={() => set({ order: sort === "failed" ? "name" : "failed" }, true)}
        >
          Failed first
        </button>
        <span className="faint samples-count">
          {shown.length < rows.length
            ? `${count(shown.length)} of ${count(rows.length)} rows`
            : counted(rows.filter(({ value }) => value !== null).length, "row")}
          {grid.total > rows.length && `, the first of ${count(grid.total)}`}
        </span>
      </div>
      <Announce text={counted(shown.length, "row")} />
      {shown.length === 0 ? (
        <Said title="No row is like that">
          <p>Nothing here holds what is chosen.</p>
        </Said>
      ) : (
        <SampleSheet
          grid={grid}
          name={name}
          rows={shown}
          rules={search.rule ?? []}
          on_cell={open}
          on_rule={toggle_rule}
          on_value={(value) => toggle_wildcard(`${name}:${value}`)}
        />
      )}
    </div>
  );
}
