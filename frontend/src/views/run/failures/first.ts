import { useQuery } from "@tanstack/react-query";
import { useLayoutEffect, useRef } from "react";
import { first_failure_query } from "../../../api/failed.ts";
import type { FirstFailure, RunDetail } from "../../../api/types.ts";
import { useNarrow } from "../../../ui/narrow.ts";
import { type Held, useHeld } from "../held.ts";
import { useSelection } from "../selection/selection.ts";

/**
 * The failure that came first. A page opens with its card, which comes whole or not yet: what is said of its job sets its
 * height. On a telephone a view that is chosen gets the room, and the card is folded.
 */
export function useFirstFailure(run: RunDetail): Held<FirstFailure> | null {
  const { tab } = useSelection().search;
  const narrow = useNarrow();
  const now = run.first_failure ?? null;
  const job = useQuery({ ...first_failure_query(run.id, now?.number ?? 0), enabled: now?.number != null });
  const whole = now?.number == null || !job.isPending || job.failureCount > 0;
  const room = !narrow || tab === undefined;
  const held = useHeld(now, now ? `${now.number} ${now.attempt}` : "", whole, room);
  const fold = useRef(held?.fold);
  fold.current = held?.fold;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that another view is chosen
  useLayoutEffect(() => {
    if (!room) fold.current?.();
  }, [tab]);
  return held;
}
