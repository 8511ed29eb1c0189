import { useEffect, useRef } from "react";

export interface Beside {
  next: number | undefined;
  before: number | undefined;
  /** False while the server is still asked which they are. */
  known: boolean;
}

/** A step that took longer was given up on the way, for one that leads elsewhere. */
const longest_step = 2_000; // ms

/**
 * Steps from one job to those beside it. What is asked for before it is known, or while the step before is under way, is
 * kept and done then; it is dropped where there is no such job, and where one went somewhere else.
 */
export function useSteps(
  number: number,
  beside: Beside,
  open: (number: number) => void,
): (way: 1 | -1) => void {
  const left = useRef(0);
  const going = useRef<{ to: number; since: number } | null>(null);

  const step = () => {
    if (!beside.known || left.current === 0) return;
    if (going.current && performance.now() - going.current.since < longest_step) return;
    const way = Math.sign(left.current);
    const to = way > 0 ? beside.next : beside.before;
    left.current = to === undefined ? 0 : left.current - way;
    if (to === undefined) return;
    going.current = { to, since: performance.now() };
    open(to);
  };
  const shown = useRef(number);
  useEffect(() => {
    if (shown.current !== number) {
      if (going.current?.to !== number) left.current = 0;
      going.current = null;
      shown.current = number;
    }
    step();
  });
  return (way) => {
    left.current += way;
    step();
  };
}
