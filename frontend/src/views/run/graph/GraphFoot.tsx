import { useId } from "react";
import type { JobCounts } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { type Reasons, reasons_said, reasons_text, several } from "./reasons.ts";

/** One line: why the jobs of the run ran, or all of the box that is looked at. Where reasons are many, it opens them as a list. */
export function GraphFoot({
  title,
  counts,
  median,
  reasons,
  ran,
  rules,
}: {
  title: string;
  counts: JobCounts | null;
  median: string;
  reasons: Reasons;
  /** How many jobs the reasons are of. */
  ran: number;
  rules: number;
}) {
  const sheet = useId();
  const facts = counts
    ? [
        counts.total > 0
          ? `${count(counts.succeeded)} of ${count(counts.total)} done`
          : "no jobs in this run",
        counts.failed > 0 && `${count(counts.failed)} failed`,
        median && `median ${median}`,
      ].filter(Boolean)
    : [];
  const why = reasons_text(reasons, ran);
  const line = [...facts, why].filter(Boolean).join(" · ");
  const words = (
    <>
      {counts ? <b className="cut">{title}</b> : why && <span className="faint">Why jobs ran</span>}
      <span className="cut">{line || `${count(rules)} ${rules === 1 ? "rule" : "rules"}`}</span>
    </>
  );
  const said = reasons_said(reasons);
  if (said.length < 2) {
    return (
      <div className="graph-foot" title={[title, line].filter(Boolean).join(": ")}>
        {words}
      </div>
    );
  }
  return (
    <>
      <button
        type="button"
        className="graph-foot"
        popoverTarget={sheet}
        title="Why jobs ran, one below the other"
      >
        {words}
        <Glyph name="up" size={12} />
      </button>
      <div
        popover="auto"
        id={sheet}
        className="graph-why"
        onBeforeToggle={({ currentTarget: { style, previousElementSibling: foot } }) => {
          const { left, top } = foot?.getBoundingClientRect() ?? { left: 0, top: 0 };
          style.left = `${left + 8}px`;
          style.bottom = `${window.innerHeight - top + 4}px`;
        }}
      >
        <h3>{counts ? `Why jobs of ${title} ran` : "Why jobs ran"}</h3>
        <dl>
          {said.map(([word, jobs]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{count(jobs)}</dd>
            </div>
          ))}
        </dl>
        {several(reasons, ran) && (
          <p className="faint">
            Of {count(ran)} jobs, {several(reasons, ran)}.
          </p>
        )}
      </div>
    </>
  );
}
