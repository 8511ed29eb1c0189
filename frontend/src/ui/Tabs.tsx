import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { useOverflow } from "./overflow.ts";

export interface Tab<K extends string> {
  key: K;
  label: ReactNode;
}

/** A tab list by the ARIA pattern: one stop for Tab, arrows move. The panel is the caller's. */
export function Tabs<K extends string>({
  tabs,
  active,
  label,
  panel,
  on_change,
}: {
  tabs: Tab<K>[];
  active: K;
  label: string;
  panel: string;
  on_change: (key: K) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useOverflow(list, '[aria-selected="true"]', active);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.key === active);
    const next = (at + step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    on_change(tab.key);
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus();
  };
  return (
    <div className="tabs fades" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.key}
          type="button"
          role="tab"
          id={`${panel}-${tab.key}`}
          aria-selected={tab.key === active}
          aria-controls={panel}
          tabIndex={tab.key === active ? 0 : -1}
          onClick={() => on_change(tab.key)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
