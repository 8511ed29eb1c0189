import { useVirtualizer } from "@tanstack/react-virtual";
import { useId, useRef, useState } from "react";
import type { Grid } from "../../../api/types.ts";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { count } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import type { Cell, GridRow } from "./grid_rows.ts";
import "./samples.css";

const row_height = 30;
const wide = 104;
const slim = 34;

interface SheetProps {
  grid: Grid;
  name: string;
  rows: GridRow[];
  /** The chosen ones. */
  rules: string[];
  on_cell: (row: GridRow, rule: number, cell: Cell) => void;
  on_rule: (rule: string) => void;
  on_value: (value: string) => void;
}

/** Only what is in sight is in the page, in both directions; names stay where they are. */
export function SampleSheet({ grid, name, rows, rules, on_cell, on_rule, on_value }: SheetProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const id = useId();
  const [at, set_at] = useState({ row: 0, rule: 0 });
  const few = grid.rules.length <= 9;
  const down = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => row_height,
    overscan: 8,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: grid.rules.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (few ? wide : slim),
    overscan: 6,
  });
  const columns = across.getVirtualItems();
  const width = across.getTotalSize();

  const move = (row: number, rule: number) => {
    const next = {
      row: Math.max(0, Math.min(rows.length - 1, row)),
      rule: Math.max(0, Math.min(grid.rules.length - 1, rule)),
    };
    set_at(next);
    down.scrollToIndex(next.row);
    across.scrollToIndex(next.rule);
  };
  const on_key = (event: React.KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 300) / row_height) - 2);
    const moves: Record<string, [number, number]> = {
      ArrowDown: [at.row + 1, at.rule],
      ArrowUp: [at.row - 1, at.rule],
      ArrowRight: [at.row, at.rule + 1],
      ArrowLeft: [at.row, at.rule - 1],
      PageDown: [at.row + page, at.rule],
      PageUp: [at.row - page, at.rule],
      Home: [event.ctrlKey ? 0 : at.row, 0],
      End: [event.ctrlKey ? rows.length - 1 : at.row, grid.rules.length - 1],
    };
    const to = moves[event.key];
    const row = rows[at.row];
    const cell = row?.cells.get(at.rule);
    if (to) move(...to);
    else if (event.key === "Enter" && row && cell) on_cell(row, at.rule, cell);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="sheet-scroll"
      ref={scroll}
      role="grid"
      aria-label={`Jobs by ${name} and rule`}
      aria-rowcount={rows.length + 1}
      aria-colcount={grid.rules.length + 1}
      aria-activedescendant={`${id}-${at.row}-${at.rule}`}
      tabIndex={0}
      onKeyDown={on_key}
      data-few={few}
    >
      <div
        className="sheet-grid"
        style={{ height: down.getTotalSize(), width: `calc(var(--names) + ${width}px)` }}
      >
        <div className="sheet-head" role="row" aria-rowindex={1}>
          <div className="sheet-corner" role="columnheader" aria-colindex={1}>
            {name}
          </div>
          {columns.map((column) => {
            const rule = grid.rules[column.index] ?? "";
            return (
              <div
                key={column.key}
                role="columnheader"
                aria-colindex={column.index + 2}
                className="sheet-rule"
                style={{ left: `calc(var(--names) + ${column.start}px)`, width: column.size }}
              >
                <button
                  type="button"
                  tabIndex={-1}
                  className="cut"
                  title={rule}
                  aria-pressed={rules.includes(rule)}
                  onClick={() => on_rule(rule)}
                >
                  {rule}
                </button>
              </div>
            );
          })}
        </div>
        {down.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              className="sheet-row"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <div className="sheet-name" role="rowheader" aria-colindex={1}>
                {row.value === null ? (
                  <span className="faint cut">without {name}</span>
                ) : (
                  <button
                    type="button"
                    tabIndex={-1}
                    className="cut"
                    title={`${row.value}: ${count(row.done)} of ${count(row.total)} done`}
                    onClick={() => on_value(row.value as string)}
                  >
                    {row.value}
                  </button>
                )}
                {row.failed > 0 && (
                  <span className="sheet-failed">
                    <StatusIcon status="failed" size={12} />
                    <span className="hidden-text">failed</span> {count(row.failed)}
                  </span>
                )}
              </div>
              {columns.map((column) => (
                <GridCell
                  key={column.key}
                  id={`${id}-${item.index}-${column.index}`}
                  cell={row.cells.get(column.index)}
                  column={column.index}
                  start={column.start}
                  size={column.size}
                  chosen={rules.includes(grid.rules[column.index] ?? "")}
                  active={at.row === item.index && at.rule === column.index}
                  on_open={(cell) => {
                    set_at({ row: item.index, rule: column.index });
                    on_cell(row, column.index, cell);
                  }}
                />
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const words_of = (cell: Cell): string =>
  job_statuses
    .filter((status) => cell.counts[status])
    .map((status) => `${cell.total > 1 ? `${cell.counts[status]} ` : ""}${look_of(status).word}`)
    .join(", ");

interface CellProps {
  id: string;
  cell: Cell | undefined;
  column: number;
  start: number;
  size: number;
  chosen: boolean;
  active: boolean;
  on_open: (cell: Cell) => void;
}

function GridCell({ id, cell, column, start, size, chosen, active, on_open }: CellProps) {
  const place = { left: `calc(var(--names) + ${start}px)`, width: size };
  const mixed = cell !== undefined && cell.counts[cell.first] !== cell.total;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and hears the keys
    <div
      role="gridcell"
      id={id}
      aria-colindex={column + 2}
      className="sheet-cell"
      data-active={active || undefined}
      data-chosen={chosen || undefined}
      data-open={cell ? "" : undefined}
      title={cell && words_of(cell)}
      style={place}
      onClick={() => cell && on_open(cell)}
    >
      {cell &&
        (mixed && size > slim ? (
          <CountsBar counts={{ ...cell.counts, total: cell.total }} height={6} />
        ) : (
          <>
            <StatusIcon status={cell.first} size={14} />
            <span className="hidden-text">{words_of(cell)}</span>
          </>
        ))}
      {cell && cell.total > 1 && size > slim && <span className="sheet-jobs">{count(cell.total)}</span>}
    </div>
  );
}
