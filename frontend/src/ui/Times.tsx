import { server_now, useNow } from "./clock.ts";
import { ago, clock_time, duration, exact_time } from "./format.ts";
import { seconds_of } from "./span.ts";

export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow(at != null);
  if (!at) return null;
  return (
    <time dateTime={at} title={exact_time(at)}>
      {ago(at, now)}
    </time>
  );
}

export function ClockTime({ at }: { at: string | null | undefined }) {
  if (!at) return null;
  return (
    <time dateTime={at} title={exact_time(at)}>
      {clock_time(at, server_now())}
    </time>
  );
}

/** From `since` to `until`; while there is no end, to now or to when it was last heard of (`frozen`). */
export function Elapsed({
  since,
  until,
  frozen = null,
  offset = 0,
}: {
  since: string | null;
  until: string | null;
  frozen?: string | null;
  offset?: number;
}) {
  const now = useNow(since != null && until == null && frozen == null);
  const span = { started_at: since, ended_at: until, lost_since: frozen, clock_offset: offset };
  const seconds = seconds_of(span, now);
  return seconds == null ? null : <span>{duration(seconds)}</span>;
}
