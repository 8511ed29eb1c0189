interface Span {
  started_at: string | null;
  ended_at: string | null;
  lost_since?: string | null;
  clock_offset?: number;
}

/**
 * Seconds from start to end; while there is no end, to the server's `now` (ms) or to when it was last heard of. `clock_offset`
 * is what the run's own clock lags behind the server's, in seconds: the two are never mixed.
 */
export function seconds_of(
  { started_at, ended_at, lost_since, clock_offset = 0 }: Span,
  now: number,
): number | null {
  if (!started_at) return null;
  const start = Date.parse(started_at);
  if (ended_at) {
    const seconds = (Date.parse(ended_at) - start) / 1000;
    return seconds < 0 ? null : seconds; // the clock was set back meanwhile: how long it took is not known
  }
  const end = (lost_since ? Date.parse(lost_since) : now) - clock_offset * 1000;
  // A moving figure without tenths: they would flicker and say nothing.
  return Math.max(0, Math.floor((end - start) / 1000));
}
