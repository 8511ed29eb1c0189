import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";

const edge = 40; // px over which it fades out where there is more

export interface Tab<K extends string> {
  key: K;
  label: ReactNode;
}

/** Keeps the opened tab in sight, and tells on which sides a list that scrolls holds more than is seen. */
function useOverflow(list: React.RefObject<HTMLDivElement | null>, active: string) {
  useEffect(() => {
    const node = list.current;
    if (!node) return;
    const mark = () => {
      const rest = node.scrollWidth - node.clientWidth - node.scrollLeft;
      node.dataset.more = [node.scrollLeft > 2 && "before", rest > 2 && "after"].filter(Boolean).join(" ");
    };
    const show = () => {
      const tab = active && node.querySelector<HTMLElement>('[aria-selected="true"]');
      if (tab) {
        const left = tab.offsetLeft - node.offsetLeft - edge;
        const right = left + tab.offsetWidth + 2 * edge - node.clientWidth;
        node.scrollLeft = Math.max(right, Math.min(left, node.scrollLeft));
      }
      mark();
    };
    const sizes = new ResizeObserver(show);
    sizes.observe(node);
    for (const tab of node.children) sizes.observe(tab);
    node.addEventListener("scroll", mark, { passive: true });
    return () => {
      sizes.disconnect();
      node.removeEventListener("scroll", mark);
    };
  }, [list, active]);
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
  useOverflow(list, active);
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
    <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
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
