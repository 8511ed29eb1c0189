import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import type { JobCounts } from "../../../api/types.ts";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import type { Box } from "./fold.ts";

/** What a box asks of the graph; the same object for all boxes and always. */
export interface Acts {
  choose: (box: Box, add: boolean) => void;
  turn: (box: Box) => void;
  hover: (id: string | null) => void;
  reached: (id: string, by_key: boolean) => void;
  /** False: the key means nothing here. */
  key: (box: Box, key: string) => boolean;
}

export type BoxNode = Node<
  {
    box: Box;
    counts: JobCounts;
    /** The median of its jobs, or how many rules stand in it. */
    took: string;
    chosen: boolean;
    dimmed: boolean;
    found: "" | "found" | "here";
    reachable: boolean;
    acts: Acts;
  },
  "rule"
>;

export const done_text = (jobs: JobCounts): string =>
  jobs.total > 0 ? `${count(jobs.succeeded)}/${count(jobs.total)}` : "none";

/** Two fingers mostly land on boxes: there they zoom, and one moves the graph. A mouse has room beside them, and a wheel. */
const by_finger = typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;

export const RuleBox = memo(function RuleBox({ data }: NodeProps<BoxNode>) {
  const { box, counts, took, acts } = data;
  const turn = box.folded ? `Unfold ${box.rules.length} rules` : `Fold with ${box.fold?.title}`;
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button
        type="button"
        className={by_finger ? "rule-box" : "rule-box nopan"}
        aria-pressed={data.chosen}
        data-box={box.id}
        data-dimmed={data.dimmed}
        data-found={data.found || undefined}
        data-folded={box.folded}
        data-empty={counts.total === 0}
        tabIndex={data.reachable ? 0 : -1}
        title={box.folded ? box.rules.join("\n") : box.title}
        onClick={(event) => acts.choose(box, event.shiftKey || event.ctrlKey || event.metaKey)}
        onPointerEnter={() => acts.hover(box.id)}
        onPointerLeave={() => acts.hover(null)}
        onFocus={(event) => acts.reached(box.id, event.currentTarget.matches(":focus-visible"))}
        onBlur={() => acts.hover(null)}
        onKeyDown={(event) => {
          if (event.altKey || event.ctrlKey || event.metaKey || !acts.key(box, event.key)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <span className="rule-line">
          <span className="rule-name cut">{box.title}</span>
          {counts.failed > 0 && <StatusIcon status="failed" titled size={12} />}
        </span>
        <span className="rule-line">
          <span className="rule-count">{done_text(counts)}</span>
          <span className="rule-took">{took}</span>
        </span>
        <CountsBar counts={counts} height={4} />
      </button>
      {box.fold && (
        <button
          type="button"
          className="rule-turn icon-button nopan"
          tabIndex={-1}
          aria-label={turn}
          title={turn}
          onClick={() => acts.turn(box)}
          onPointerEnter={() => acts.hover(box.id)}
          onPointerLeave={() => acts.hover(null)}
        >
          <Glyph name={box.folded ? "unfold" : "fold"} size={14} />
        </button>
      )}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
});
