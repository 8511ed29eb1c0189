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

/** From `since` to `until`, or to the server's now while there is no end. */
export function Elapsed({ since, until }: { since: string | null; until: string | null }) {
  const now = useNow(since != null && until == null);
  if (!since) return null;
  const seconds = ((until ? Date.parse(until) : now) - Date.parse(since)) / 1000;
  // A moving figure without tenths: they would flicker and say nothing.
  return <span>{duration(until ? seconds : Math.max(0, Math.floor(seconds)))}</span>;
}
