import { useSyncExternalStore } from "react";

/** How all pages tell times: each as it fits its place, or all in one way. */
export const time_forms = ["fit", "relative", "local", "utc"] as const;
export type TimeForm = (typeof time_forms)[number];

export const form_words: Record<TimeForm, string> = {
  fit: "As it fits",
  relative: "Relative",
  local: "Local time",
  utc: "UTC",
};

const key = "flowo.times";
const listeners = new Set<() => void>();

function stored(): TimeForm {
  try {
    const value = localStorage.getItem(key);
    return time_forms.find((one) => one === value) ?? "fit";
  } catch {
    return "fit";
  }
}

let form: TimeForm = stored();

/** On the root too: clocks with a day need more room than "3 min ago". */
function tell() {
  document.documentElement.dataset.times = form;
  for (const listener of listeners) listener();
}

export function set_time_form(next: TimeForm) {
  form = next;
  try {
    if (next === "fit") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // A browser without storage keeps the choice for this page only.
  }
  tell();
}

export const next_time_form = () =>
  set_time_form(time_forms[(time_forms.indexOf(form) + 1) % time_forms.length] ?? "fit");

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const useTimeForm = (): TimeForm => useSyncExternalStore(subscribe, () => form);

tell();

// Another tab of this browser changed it.
window.addEventListener("storage", (event) => {
  if (event.key === key) {
    form = stored();
    tell();
  }
});
