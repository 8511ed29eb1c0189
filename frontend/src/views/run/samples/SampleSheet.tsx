import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useId, useLayoutEffect, useRef, useState } from "react";
import type { Grid } from "../../../api/types.ts";
import type { Cell, GridRow } from "./grid_rows.ts";
import { SheetRow } from "./SheetRow.tsx";
import { useColumns } from "./sheet_columns.ts";
import "./samples.css";

const row_height = 30;

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
  const { names, sizes, upright, head } = useColumns(scroll, grid.rules, rows);
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
    estimateSize: (rule) => sizes[rule] ?? 0,
    overscan: 6,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what it measures
  useLayoutEffect(() => across.measure(), [across, sizes]);
  const columns = across.getVirtualItems();
  const width = across.getTotalSize();

  // What the rows call stays the same, so that they are drawn again only when they change.
  const latest = useRef({ on_cell, on_value });
  latest.current = { on_cell, on_value };
  const open = useCallback((row: GridRow, index: number, rule: number, cell: Cell) => {
    set_at({ row: index, rule });
    latest.current.on_cell(row, rule, cell);
  }, []);
  const only = useCallback((value: string) => latest.current.on_value(value), []);

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
      data-upright={upright}
      style={{ "--names": `${names}px`, "--head": `${head}px` } as React.CSSProperties}
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
            <SheetRow
              key={item.key}
              id={id}
              row={row}
              index={item.index}
              top={item.start}
              name={name}
              rules={grid.rules}
              chosen={rules}
              columns={columns}
              at={at.row === item.index ? at.rule : -1}
              on_open={open}
              on_value={only}
            />
          );
        })}
      </div>
    </div>
  );
}
