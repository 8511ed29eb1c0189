import type { Grid } from "../../../api/types.ts";
import { type JobStatus, job_statuses } from "../../../theme/status.ts";
import type { RunSearch } from "../selection/search.ts";

/** How the jobs of one value and one rule stand. */
export interface Cell {
  counts: Partial<Record<JobStatus, number>>;
  total: number;
  /** The first status of every bar's order that it has: what one has to know of it. */
  first: JobStatus;
  /** The lowest number of its jobs in that status. */
  number: number;
}

export interface GridRow {
  /** null: the jobs that have no such wildcard. */
  value: string | null;
  /** By the index of the rule. */
  cells: Map<number, Cell>;
  failed: number;
  done: number;
  total: number;
}

/** The answer's flat cells as rows, in its order. */
export function grid_rows(grid: Grid): GridRow[] {
  const rows = grid.values.map(
    (value): GridRow => ({ value, cells: new Map(), failed: 0, done: 0, total: 0 }),
  );
  for (const cell of grid.cells) {
    const [at, rule, index, jobs, number] = cell as [number, number, number, number, number];
    const row = rows[at];
    const status = grid.statuses[index];
    if (!row || !status) continue;
    row.total += jobs;
    if (status === "failed") row.failed += jobs;
    if (status === "succeeded") row.done += jobs;
    const held = row.cells.get(rule);
    if (!held) {
      row.cells.set(rule, { counts: { [status]: jobs }, total: jobs, first: status, number });
      continue;
    }
    held.counts[status] = (held.counts[status] ?? 0) + jobs;
    held.total += jobs;
    if (job_statuses.indexOf(status) < job_statuses.indexOf(held.first)) {
      held.first = status;
      held.number = number;
    }
  }
  return rows;
}

export type GridSort = NonNullable<RunSearch["order"]>;

const natural = new Intl.Collator("en", { numeric: true });

interface Wanted {
  find: string;
  sort: GridSort;
  /** Empty: all of them. */
  values: string[];
  statuses: JobStatus[];
  /** Indices; empty: all of them. */
  rules: number[];
}

/** The rows to show: those that hold what is looked for; names as people count (S2 before S10), or failures first. */
export function shown_rows(rows: GridRow[], { find, sort, values, statuses, rules }: Wanted): GridRow[] {
  const looked = find.trim().toLowerCase();
  const wanted = new Set(values);
  const kept = rows.filter((row) => {
    if (wanted.size > 0 && (row.value === null || !wanted.has(row.value))) return false;
    if (looked && !(row.value ?? "").toLowerCase().includes(looked)) return false;
    if (statuses.length === 0 && rules.length === 0) return true;
    for (const [rule, cell] of row.cells) {
      if (rules.length > 0 && !rules.includes(rule)) continue;
      if (statuses.length === 0 || statuses.some((status) => cell.counts[status])) return true;
    }
    return false;
  });
  return kept.sort((a, b) => {
    if (a.value === null || b.value === null) return a.value === null ? 1 : -1;
    const worse = sort === "failed" ? b.failed - a.failed || b.total - b.done - (a.total - a.done) : 0;
    return worse || natural.compare(a.value, b.value);
  });
}
