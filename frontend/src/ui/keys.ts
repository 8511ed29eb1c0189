import { useEffect, useRef } from "react";

/** Every key that pages hear while nobody types, and what it does: the help is made of this, and nothing else can be heard. */
export const known = {
  search: { press: "/", does: "Search runs; on a run's page, its jobs; in an open job, its log" },
  down: { press: "j", does: "Down and up: runs in the list, jobs of a run, also while one is open" },
  up: { press: "k", does: "Down and up: runs in the list, jobs of a run, also while one is open" },
  open: { press: "Enter", does: "Open what is chosen" },
  close: { press: "Escape", does: "Close the job, leave a search" },
  before: { press: "[", does: "The run of the same workflow before, and after" },
  after: { press: "]", does: "The run of the same workflow before, and after" },
  all_runs: { press: "g r", does: "All runs" },
  times: { press: "t", does: "Times as they fit, relative, local, in UTC" },
  help: { press: "?", does: "This help" },
} as const;

export type KeyName = keyof typeof known;

/** What only the part that has the focus hears: [where, [[keys, what they do]]]. */
export const focused: [string, [string[], string][]][] = [
  [
    "In the jobs",
    [
      [["↑", "↓", "PageUp", "PageDown", "Home", "End"], "From row to row"],
      [["Space"], "Pick; with Shift all from the last picked one"],
      [["Shift ↓", "Shift ↑"], "Pick one more"],
      [["Ctrl A", "Ctrl C", "Esc"], "Pick all, copy, pick none"],
    ],
  ],
  [
    "In the rule graph",
    [
      [["←", "↑", "↓", "→"], "From rule to rule along its links"],
      [["Enter", "Shift Enter"], "Choose; add to what is chosen"],
      [["+", "-"], "Unfold and fold"],
    ],
  ],
  [
    "In the graph of jobs",
    [
      [["+", "-", "0"], "Closer, farther, all"],
      [["←", "↑", "↓", "→"], "Move what is in sight"],
      [["Enter"], "Go to a job; then the arrow keys, Enter opens it, Esc leaves it"],
    ],
  ],
  [
    "In the timeline",
    [
      [["←", "→", "+", "-", "0"], "Move, zoom, show all"],
      [["Home", "End"], "To where it began, to where it is"],
      [["↑", "↓"], "Scroll through the lanes"],
      [["n", "p"], "The next and the previous that failed"],
      [["Enter", "Esc"], "Open the marked one, leave it"],
    ],
  ],
  [
    "In the samples",
    [
      [["←", "↑", "↓", "→"], "From cell to cell"],
      [["PageUp", "PageDown"], "A screen of rows at once"],
      [["Home", "End", "Ctrl Home", "Ctrl End"], "To the end of the row, of all rows"],
      [["Enter"], "The jobs of the cell"],
    ],
  ],
  [
    "Elsewhere",
    [
      [["←", "→"], "From tab to tab; move the border between graph and jobs"],
      [["Enter", "Shift Enter"], "In a search: the next hit, the one before"],
      [["Tab"], "In the search for jobs: take what is offered"],
      [["End"], "In a log: to its end, and follow it"],
      [["Shift"], "With a click on a line's number in a log: all lines up to that one"],
      [["Ctrl Enter", "Esc"], "In a note: save, close"],
      [["Ctrl"], "With the wheel: zooms a drawing where the wheel alone scrolls"],
    ],
  ],
];

type Heard = (event: KeyboardEvent) => void;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;

/** A link or button answers to Enter by itself. Not so in rows: the chosen one may be a step ahead of the focus. */
const answers = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("a, button") !== null && !target.closest("[data-index]");

/** A sheet or a menu that is open has all keys for itself. */
const busy = "dialog[open], .ant-dropdown-open";

const pressed = { key: "", at: 0, busy: false };
let before = { ...pressed };

// Before all others, who may close what was open, so that each listener sees the same, however fast keys come.
window.addEventListener(
  "keydown",
  (event) => {
    before = { ...pressed };
    pressed.key = event.key;
    pressed.at = performance.now();
    pressed.busy = document.querySelector(busy) !== null;
  },
  { capture: true },
);

/** What happens at known keys while nobody types; two after another, as "g r", come within 0.9 s. */
export function useKeys(keys: Partial<Record<KeyName, Heard>>, enabled = true) {
  const current = useRef(new Map<string, Heard>());
  current.current = new Map(Object.entries(keys).map(([name, act]) => [known[name as KeyName].press, act]));
  useEffect(() => {
    if (!enabled) return;
    const on_key = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target) || pressed.busy) return;
      if (event.key === "Enter" && answers(event.target)) return;
      const both = performance.now() - before.at < 900 ? `${before.key} ${event.key}` : "";
      const action = current.current.get(both) ?? current.current.get(event.key);
      if (action) {
        event.preventDefault();
        action(event);
      }
    };
    window.addEventListener("keydown", on_key);
    return () => window.removeEventListener("keydown", on_key);
  }, [enabled]);
}
