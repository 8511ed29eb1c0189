import { useSyncExternalStore } from "react";

const query = window.matchMedia("(max-width: 700px)");
const listeners = new Set<() => void>();
// As it was told: a browser that is asked between a change and its event drops the event.
let narrow = query.matches;
query.addEventListener("change", (event) => {
  narrow = event.matches;
  for (const listener of listeners) listener();
});

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Whether the page is as narrow as a telephone: fewer columns, panes one after another. */
export const is_narrow = () => narrow;
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, is_narrow);
