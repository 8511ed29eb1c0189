import { useSyncExternalStore } from "react";

const query = window.matchMedia("(max-width: 700px)");

function subscribe(listener: () => void) {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether the page is as narrow as a telephone: fewer columns, panes one after another. */
export const is_narrow = () => query.matches;
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, is_narrow);
