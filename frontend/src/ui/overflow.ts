import { type RefObject, useEffect } from "react";

const edge = 40; // px over which it fades out where there is more

/**
 * Of a row that scrolls sideways: tells in `data-more` on which sides there is more than is seen (`.fades` shows it), and keeps
 * in sight what `kept` finds, as often as `active` is another.
 */
export function useOverflow(row: RefObject<HTMLElement | null>, kept?: string, active?: unknown) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is kept in sight is another then
  useEffect(() => {
    const node = row.current;
    if (!node) return;
    const mark = () => {
      const rest = node.scrollWidth - node.clientWidth - node.scrollLeft;
      node.dataset.more = [node.scrollLeft > 2 && "before", rest > 2 && "after"].filter(Boolean).join(" ");
    };
    const show = () => {
      const one = kept && node.querySelector<HTMLElement>(kept);
      if (one) {
        const left = one.offsetLeft - node.offsetLeft - edge;
        const right = left + one.offsetWidth + 2 * edge - node.clientWidth;
        node.scrollLeft = Math.max(right, Math.min(left, node.scrollLeft));
      }
      mark();
    };
    const sizes = new ResizeObserver(show);
    const watch = () => {
      sizes.observe(node);
      for (const one of node.children) sizes.observe(one);
    };
    watch();
    const parts = new MutationObserver(() => {
      sizes.disconnect();
      watch();
    });
    parts.observe(node, { childList: true });
    node.addEventListener("scroll", mark, { passive: true });
    return () => {
      sizes.disconnect();
      parts.disconnect();
      node.removeEventListener("scroll", mark);
    };
  }, [row, kept, active]);
}
