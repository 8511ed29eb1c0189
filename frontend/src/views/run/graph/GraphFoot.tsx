import type { JobCounts } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";

/** One line: why the jobs of the run ran, or all of the box that is looked at. */
export function GraphFoot({
  title,
  counts,
  median,
  reasons,
  rules,
}: {
  title: string;
  counts: JobCounts | null;
  median: string;
  reasons: string;
  rules: number;
}) {
  const facts = counts
    ? [
        counts.total > 0
          ? `${count(counts.succeeded)} of ${count(counts.total)} done`
          : "no jobs in this run",
        counts.failed > 0 && `${count(counts.failed)} failed`,
        median && `median ${median}`,
      ].filter(Boolean)
    : [];
  const line = [...facts, reasons].filter(Boolean).join(" · ");
  return (
    <div className="graph-foot" title={[title, line].filter(Boolean).join(": ")}>
      {counts ? <b className="cut">{title}</b> : reasons && <span className="faint">Why jobs ran</span>}
      <span className="cut">{line || `${count(rules)} ${rules === 1 ? "rule" : "rules"}`}</span>
    </div>
  );
}
