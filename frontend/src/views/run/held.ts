import { useEffect, useRef, useState } from "react";

/** Something that is told above the panes, and comes and goes while somebody reads below it. */
export interface Held<T> {
  /** What stands open. */
  shown: T | null;
  /** Whether what stands open still holds; it keeps its place in any case. */
  stands: boolean;
  /** What holds and does not stand open: a button tells of it. */
  waits: T | null;
  /** Whether it was opened or closed by hand: the focus goes along. */
  pressed: boolean;
  open: () => void;
  close: () => void;
  /** Closed by something else. */
  fold: () => void;
}

/**
 * What holds when the page is opened stands open at once. What comes later pushes nothing away: it waits for a press, and opens by
 * itself only where nobody looks. What no longer holds stays until it is closed, or nobody looks. `key`: tells one from another;
 * `ready`: it can be shown as a whole; `opens`: there is room for it. Null until it is known what the page opens with.
 */
export function useHeld<T>(now: T | null, key: string, ready = true, opens = true): Held<T> | null {
  const [open, set_open] = useState<{ one: T; key: string } | null>(); // undefined: not known yet
  const [pressed, set_pressed] = useState("");
  const held = now === null ? null : { one: now, key };
  if (open === undefined && ready) set_open(opens ? held : null);

  const current = useRef({ held, opens });
  current.current = { held, opens };
  useEffect(() => {
    const { held, opens } = current.current;
    if (document.hidden && ready) set_open((before) => (before || opens ? held : null));
    const leave = () => {
      if (document.hidden)
        set_open((before) => (before && before.key !== key ? current.current.held : before));
    };
    document.addEventListener("visibilitychange", leave);
    return () => document.removeEventListener("visibilitychange", leave);
  }, [key, ready]);

  if (open === undefined) return null;
  const stands = open !== null && held?.key === open.key;
  return {
    shown: stands ? now : (open?.one ?? null),
    stands,
    waits: stands ? null : now,
    pressed: pressed !== "" && pressed === (open?.key ?? key),
    open: () => {
      set_open(held);
      set_pressed(key);
    },
    close: () => {
      set_open(null);
      set_pressed(key);
    },
    fold: () => set_open(null),
  };
}

/** For the button that takes the place of the one that was pressed. */
export function useFocusAlong(pressed: boolean) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (pressed) button.current?.focus({ preventScroll: true });
  }, [pressed]);
  return button;
}
