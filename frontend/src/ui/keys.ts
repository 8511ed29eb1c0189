import { useEffect, useRef } from "react";

type Keys = Record<string, (event: KeyboardEvent) => void>;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

const pressed = { key: "", at: 0 };
let before = { ...pressed };

// The first listener of all, so that each of the others sees the key before this one, however fast they come.
window.addEventListener("keydown", (event) => {
  before = { ...pressed };
  pressed.key = event.key;
  pressed.at = performance.now();
});

/** Keys while nobody types: "j", "/", "Escape", or two after another: "g r". */
export function useKeys(keys: Keys, enabled = true) {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    if (!enabled) return;
    const on_key = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target) || document.querySelector("dialog[open]")) return;
      const both = performance.now() - before.at < 900 ? `${before.key} ${event.key}` : "";
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
