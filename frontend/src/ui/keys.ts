import { useEffect, useRef } from "react";

type Keys = Record<string, (event: KeyboardEvent) => void>;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

let before = "";
let before_at = 0;

/** Keys while nobody types: "j", "/", "Escape", or two after another: "g r". */
export function useKeys(keys: Keys, enabled = true) {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    if (!enabled) return;
    const on_key = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target) || document.querySelector("dialog[open]")) return;
      const both = performance.now() - before_at < 900 ? `${before} ${event.key}` : "";
      const action = current.current[both] ?? current.current[event.key];
      if (action) {
        event.preventDefault();
        action(event);
      }
    };
    window.addEventListener("keydown", on_key);
    return () => window.removeEventListener("keydown", on_key);
  }, [enabled]);
}

// After all listeners, so that a second key of a pair still sees the first.
window.addEventListener("keydown", (event) => {
  setTimeout(() => {
    before = event.key;
    before_at = performance.now();
  });
});
