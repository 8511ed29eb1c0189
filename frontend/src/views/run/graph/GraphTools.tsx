import type { KeyboardEvent } from "react";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { GraphKind } from "./GraphKind.tsx";

export interface Find {
  text: string;
  /** How many boxes were found, and which of them is shown, from 0; -1: none yet. */
  found: number;
  at: number;
  write: (text: string) => void;
  step: (by: 1 | -1) => void;
}

/** Rules or jobs, search, folding and pictures: a row above the graph. */
export function GraphTools({
  find,
  folds,
  folded,
  fold_all,
  save,
}: {
  find: Find | null;
  folds: number;
  folded: number;
  fold_all: (fold: boolean) => void;
  save: (kind: "svg" | "png") => void;
}) {
  return (
    <div className="graph-tools">
      <GraphKind />
      {find ? <FindField find={find} /> : <span className="graph-find" />}
      {folded < folds && (
        <button type="button" className="menu-button" onClick={() => fold_all(true)}>
          {folded > 0 ? "Fold all" : "Fold"}
        </button>
      )}
      {folded > 0 && (
        <button type="button" className="menu-button" onClick={() => fold_all(false)}>
          Unfold all
        </button>
      )}
      <Menu
        menu={{
          items: [
            { key: "svg", label: "Save as SVG" },
            { key: "png", label: "Save as PNG" },
          ],
          onClick: ({ key }) => save(key as "svg" | "png"),
        }}
      >
        <button type="button" className="icon-button" aria-label="Save a picture" title="Save a picture">
          <Glyph name="save" />
        </button>
      </Menu>
    </div>
  );
}

function FindField({ find }: { find: Find }) {
  const on_key = (event: KeyboardEvent) => {
    if (event.key === "Enter") find.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && find.text) find.write("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const told = find.found === 0 ? "none" : find.at < 0 ? String(find.found) : `${find.at + 1}/${find.found}`;
  return (
    <div className="graph-find">
      <Glyph name="search" size={14} />
      <input
        type="text"
        aria-label="Find a rule"
        placeholder="Find a rule"
        value={find.text}
        onChange={(event) => find.write(event.target.value)}
        onKeyDown={on_key}
      />
      <span className="faint" role="status">
        {find.text && told}
      </span>
    </div>
  );
}
