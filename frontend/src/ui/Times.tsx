import { server_now, useNow } from "./clock.ts";
import { ago, clock_time, duration, exact_time } from "./format.ts";

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

/**
 * From `since` to `until`; while there is no end, to the server's now or to when it was last heard of (`frozen`). `offset`
 * is what the run's own clock lags behind the server's, in seconds: the two are never mixed.
 */
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
  if (!since) return null;
  const start = Date.parse(since);
  if (until) return <span>{duration((Date.parse(until) - start) / 1000)}</span>;
  const end = (frozen ? Date.parse(frozen) : now) - offset * 1000;
  // A moving figure without tenths: they would flicker and say nothing.
  return <span>{duration(Math.max(0, Math.floor((end - start) / 1000)))}</span>;
}
