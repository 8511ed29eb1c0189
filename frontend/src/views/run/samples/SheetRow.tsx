import type { VirtualItem } from "@tanstack/react-virtual";
import { memo } from "react";
import { job_statuses, look_of } from "../../../theme/status.ts";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { count } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import type { Cell, GridRow } from "./grid_rows.ts";
import { slim } from "./sheet_columns.ts";

interface RowProps {
  /** Of the whole sheet. */
  id: string;
  row: GridRow;
  index: number;
  top: number;
  /** Of the wildcard. */
  name: string;
  rules: string[];
  chosen: string[];
  /** Those in sight. */
  columns: VirtualItem[];
  /** The rule at which the keys are, where they are in this row, else -1. */
  at: number;
  on_open: (row: GridRow, index: number, rule: number, cell: Cell) => void;
  on_value: (value: string) => void;
}

/** Some twenty rows of sixty cells: drawn when they come into sight or change, not whenever one scrolls by a line. */
export const SheetRow = memo(function SheetRow({
  id,
  row,
  index,
  top,
  name,
  rules,
  chosen,
  columns,
  at,
  on_open,
  on_value,
}: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="sheet-row"
      data-apart={row.value === null || undefined}
      style={{ transform: `translateY(${top}px)` }}
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
          id={`${id}-${index}-${column.index}`}
          cell={row.cells.get(column.index)}
          column={column.index}
          start={column.start}
          size={column.size}
          chosen={chosen.includes(rules[column.index] ?? "")}
          active={at === column.index}
          on_open={(cell) => on_open(row, index, column.index, cell)}
        />
      ))}
    </div>
  );
});

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
  const words = cell && words_of(cell);
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
      title={words}
      style={place}
      onClick={() => cell && on_open(cell)}
    >
      {cell &&
        (mixed && size > slim ? (
          <CountsBar counts={{ ...cell.counts, total: cell.total }} height={6} />
        ) : (
          <>
            <StatusIcon status={cell.first} size={14} />
            <span className="hidden-text">{words}</span>
          </>
        ))}
      {cell && cell.total > 1 && size > slim && <span className="sheet-jobs">{count(cell.total)}</span>}
    </div>
  );
}
