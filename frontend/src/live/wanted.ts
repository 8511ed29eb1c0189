import { useSyncExternalStore } from "react";

/** Runs whose end somebody asked to be told of, kept for all tabs of this browser: id → the status told last, or "". */
export type Wanted = Record<string, string>;

const key = "flowo.notify";
const most = 8;
const listeners = new Set<() => void>();
let text: string | null = null;
let held: Wanted = {};

/** The same object as long as nothing changed. */
export function wanted(): Wanted {
  try {
    const now = localStorage.getItem(key);
    if (now !== text) {
      text = now;
      held = now ? (JSON.parse(now) as Wanted) : {};
    }
  } catch {
    // Without storage, or with a broken one, what this tab knows holds.
  }
  return held;
}

function keep(next: Wanted) {
  held = next;
  text = JSON.stringify(next);
  try {
    localStorage.setItem(key, text);
  } catch {
    // For this tab only, then.
  }
  for (const listener of listeners) listener();
}

export function want(id: string, told = "") {
  const others = Object.entries(wanted()).filter(([other]) => other !== id);
  keep(Object.fromEntries([...others.slice(1 - most), [id, told]]));
}

export function forget(id: string) {
  if (!(id in wanted())) return;
  keep(Object.fromEntries(Object.entries(wanted()).filter(([other]) => other !== id)));
}

export function on_wanted(listener: () => void): () => void {
  const on_storage = (event: StorageEvent) => {
    if (event.key === key || event.key === null) listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", on_storage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", on_storage);
  };
}

export const useWanted = (id: string): boolean => id in useSyncExternalStore(on_wanted, wanted);
