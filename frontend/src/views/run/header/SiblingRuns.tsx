import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { siblings_query } from "../../../api/queries.ts";
import type { RunDetail, Sibling } from "../../../api/types.ts";
import { look_of } from "../../../theme/status.ts";
import { useNow } from "../../../ui/clock.ts";
import { duration } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { useKeys } from "../../../ui/keys.ts";
import { seconds_of } from "../../../ui/span.ts";
import { type Times, useTimes } from "../../../ui/Times.tsx";

const least_px = 3;
const most_px = 18;

const told = (one: Sibling, times: Times) =>
  [
    one.name,
    look_of(one.status).word,
    one.seconds != null && duration(Math.round(one.seconds)),
    one.jobs.failed > 0 && `${one.jobs.failed} of ${one.jobs.total} failed`,
    one.started_at && `started ${times.when(one.started_at, one.clock_offset)}`,
  ]
    .filter(Boolean)
    .join(", ");

/** The runs of the same workflow around this one: how long each took, and the way to them. */
export function SiblingRuns({ run }: { run: RunDetail }) {
  const { data } = useQuery(siblings_query(run.id));
  const now = useNow(data != null && run.ended_at == null);
  const times = useTimes();
  const navigate = useNavigate();
  const go = (id: string | null | undefined) => {
    if (id) void navigate({ to: "/runs/$id", params: { id }, search: true as never });
  };
  useKeys({ before: () => go(data?.previous), after: () => go(data?.next) });
  if (!data || data.items.length < 2) return null;
  const shown = data.items.map((one) =>
    one.id === run.id ? { ...one, ...run, seconds: seconds_of(run, now) ?? one.seconds } : one,
  );
  // A lost run may have taken any time; the others are compared without it.
  const measured = shown.filter((one) => one.status !== "lost" || one.id === run.id);
  const longest = Math.max(1, ...measured.map((one) => one.seconds ?? 0));
  return (
    <nav className="siblings" aria-label="Runs of the same workflow">
      <Step id={data.previous} glyph="left" words="The run before" press="[" />
      <span className="sibling-bars">
        {shown.map((one) => (
          // Out of the tab order: the two steps beside lead to the same runs.
          <Link
            key={one.id}
            to="/runs/$id"
            params={{ id: one.id }}
            search={true as never}
            tabIndex={-1}
            className="sibling"
            aria-current={one.id === run.id ? "page" : undefined}
            aria-label={told(one, times)}
            title={told(one, times)}
          >
            <i
              style={{
                height: Math.min(
                  most_px,
                  Math.max(least_px, Math.round(((one.seconds ?? 0) / longest) * most_px)),
                ),
                background: `var(--status-${one.status})`,
              }}
            />
          </Link>
        ))}
      </span>
      <Step id={data.next} glyph="right" words="The run after" press="]" />
    </nav>
  );
}

function Step({
  id,
  glyph,
  words,
  press,
}: {
  id: string | null;
  glyph: "left" | "right";
  words: string;
  press: string;
}) {
  if (!id) {
    return (
      <span className="icon-button none" title={`${words}: there is none`}>
        <Glyph name={glyph} size={14} />
      </span>
    );
  }
  return (
    <Link
      to="/runs/$id"
      params={{ id }}
      search={true as never}
      className="icon-button"
      aria-label={`${words}, of the same workflow`}
      title={`${words}, of the same workflow (${press})`}
    >
      <Glyph name={glyph} size={14} />
    </Link>
  );
}
