import { usual_sort } from "../selection/search.ts";
import { useSelection } from "../selection/selection.ts";
import type { Column } from "./columns.ts";

/** A click sorts up, the next one down, the third as it was. The server sorts. */
export function TableHead({ columns }: { columns: Column[] }) {
  const { search, set } = useSelection();
  const sort = search.sort ?? usual_sort;
  return (
    <div role="rowgroup" className="table-head">
      <div role="row" aria-rowindex={1} className="table-row">
        <div role="columnheader" className="table-pick">
          <span className="hidden-text">Picked</span>
        </div>
        {columns.map((column) => {
          const field = column.sort;
          const up = sort === field;
          const down = sort === `-${field}`;
          const next = up ? `-${field}` : down ? undefined : field;
          return (
            <div
              key={column.key}
              role="columnheader"
              className={`table-cell${column.end ? " end" : ""}`}
              aria-sort={up ? "ascending" : down ? "descending" : undefined}
            >
              {field ? (
                <button
                  type="button"
                  className="cut"
                  title={`Sort by ${column.label.toLowerCase()}`}
                  onClick={() => set({ sort: next === usual_sort ? undefined : next })}
                >
                  {column.label}
                  <span aria-hidden="true">{up ? " ↑" : down ? " ↓" : ""}</span>
                </button>
              ) : (
                <span className="cut" title={column.label}>
                  {column.label}
                </span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
