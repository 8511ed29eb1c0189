import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { failures_query } from "../../api/queries.ts";
import type { FirstFailure as FirstFailureShape, RunDetail } from "../../api/types.ts";
import { Copy } from "../../ui/Copy.tsx";
import { evidence_of, is_offending, reason_of } from "../../ui/failure.ts";
import { count, wildcards_text } from "../../ui/format.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import { useSelection } from "./selection.ts";

/** The last lines that say something: from the first offending one among them, where there is one. */
function last_words(text: string, most: number): string[] {
  const lines = text.replace(/\s+$/, "").split("\n");
  const tail = lines.slice(-most);
  if (tail.some(is_offending)) return tail;
  const at = lines.findLastIndex(is_offending);
  return at < 0 ? tail : lines.slice(at, at + most);
}

/** The failure that came first, on top of everything: what, why, and the way to its log. */
export function FirstFailure({ run, failure }: { run: RunDetail; failure: FirstFailureShape }) {
  const { set } = useSelection();
  const [open, set_open] = useState(true);
  const failures = useInfiniteQuery(failures_query(run.id));
  const all = failures.data?.pages[0]?.items ?? [];
  const known = all.find((one) => one.number === failure.number) ?? null;
  const words = known?.log?.tail || failure.message || known?.message || "";
  const lines = words ? last_words(words, 5) : [];
  const reason = reason_of(failure);
  const more = run.jobs.failed - 1;
  return (
    <section className="first-failure" aria-label="First failure">
      <div className="first-failure-head">
        <StatusIcon status="failed" />
        {failure.number != null ? (
          <Link
            to="/runs/$id/jobs/$number"
            params={{ id: run.id, number: String(failure.number) }}
            search={true as never}
            className="first-failure-rule cut"
          >
            {failure.rule}
          </Link>
        ) : (
          <b>{failure.rule ?? "Snakemake"}</b>
        )}
        <span className="soft cut">{wildcards_text(failure.wildcards)}</span>
        {reason && <span className="bad">{reason}</span>}
        {evidence_of(failure) && (
          <span className="soft cut" title={evidence_of(failure)}>
            {evidence_of(failure)}
          </span>
        )}
        {failure.attempt != null && known?.attempts != null && known.attempts > 1 && (
          <span className="soft">
            attempt {failure.attempt} of {known.attempts}
          </span>
        )}
        <span className="first-failure-ways">
          {more > 0 && (
            <button type="button" className="link-button" onClick={() => set({ tab: "failures" })}>
              {count(more)} more
            </button>
          )}
          {known?.command && (
            <span className="first-failure-command">
              command <Copy text={known.command} what="the job's command" />
            </span>
          )}
          <button
            type="button"
            className="icon-button"
            aria-expanded={open}
            aria-label={open ? "Fold the first failure" : "Unfold the first failure"}
            onClick={() => set_open(!open)}
          >
            <Glyph name={open ? "up" : "down"} />
          </button>
        </span>
      </div>
      {open && lines.length > 0 && (
        <pre className="first-failure-log" tabIndex={0}>
          {lines.map((line, i) => (
            <span key={i} className={is_offending(line) ? "offending" : undefined}>
              {line || " "}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}
