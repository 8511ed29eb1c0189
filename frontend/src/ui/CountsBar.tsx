import { job_statuses, look_of } from "../theme/status.ts";

export type Counts = Partial<Record<(typeof job_statuses)[number], number>> & { total: number };

/** Jobs by status as one bar, always in the same order; what is only planned is the empty track. */
export function CountsBar({ counts, height }: { counts: Counts; height?: number }) {
  const parts = job_statuses.filter((status) => status !== "planned" && (counts[status] ?? 0) > 0);
  const words = job_statuses
    .filter((status) => (counts[status] ?? 0) > 0)
    .map((status) => `${counts[status]} ${look_of(status).word}`)
    .join(", ");
  return (
    <div className="bar" role="img" aria-label={words || "no jobs"} title={words} style={{ height }}>
      {parts.map((status) => (
        <i
          key={status}
          style={{
            background: `var(--status-${status})`,
            flexBasis: `${((counts[status] ?? 0) / Math.max(1, counts.total)) * 100}%`,
            // One failure of a thousand still has to be seen.
            minWidth: status === "failed" || status === "aborted" ? 3 : 1,
          }}
        />
      ))}
    </div>
  );
}
