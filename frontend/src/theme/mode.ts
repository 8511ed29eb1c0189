import { useSyncExternalStore } from "react";
import { dark, light } from "./palette.ts";
import { statuses } from "./status.ts";

export type Mode = "system" | "light" | "dark";
export type Shade = "light" | "dark";

const key = "flowo.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
/** Paper is light, whatever the screen. */
const paper = window.matchMedia("print");
const listeners = new Set<() => void>();

function stored(): Mode {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

let mode: Mode = stored();
// As they were told: a browser that is asked between a change and its event drops the event.
let by_system: Shade = system.matches ? "dark" : "light";
let on_paper = paper.matches;
const shade_now = (): Shade => (on_paper ? "light" : mode === "system" ? by_system : mode);

/** The palette as CSS variables on the root, so that our own styles and Ant Design draw from the same values. */
function paint() {
  const shade = shade_now();
  const root = document.documentElement;
  root.dataset.theme = shade;
  root.style.colorScheme = shade;
  for (const [name, value] of Object.entries(shade === "dark" ? dark : light)) {
    root.style.setProperty(`--${name.replaceAll("_", "-")}`, value);
  }
  for (const [name, look] of Object.entries(statuses)) {
    root.style.setProperty(`--status-${name}`, look[shade]);
  }
  for (const listener of listeners) listener();
}

export function set_mode(next: Mode) {
  mode = next;
  try {
    if (next === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // A browser without storage keeps the choice for this page only.
  }
  paint();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const useMode = (): Mode => useSyncExternalStore(subscribe, () => mode);
export const useShade = (): Shade => useSyncExternalStore(subscribe, shade_now);

system.addEventListener("change", (event) => {
  by_system = event.matches ? "dark" : "light";
  paint();
});
paper.addEventListener("change", (event) => {
  on_paper = event.matches;
  paint();
});
window.addEventListener("storage", (event) => {
  if (event.key === key) {
    mode = stored();
    paint();
  }
});
paint();
