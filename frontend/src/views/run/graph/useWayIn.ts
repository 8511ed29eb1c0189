import { useOnViewportChange, useReactFlow, useStoreApi } from "@xyflow/react";
import { type MouseEvent, type TouchEvent, useMemo, useRef, type WheelEvent } from "react";
import { is_for_scrolling, scrolls } from "../../../ui/wheel.ts";
import { useSelection } from "../selection/selection.ts";
import type { Laid } from "./useBoxes.ts";
import { look_at, looked_at, Push } from "./whereabouts.ts";

const closest = 2; // the last zoom of the rule graph

/** From a rule to its jobs: by a double click on its box, or by zooming on where it is as large as it gets. */
export function useWayIn(laid: Laid) {
  const { id, search, set } = useSelection();
  const { getViewport } = useReactFlow();
  const store = useStoreApi();
  const push = useRef(new Push());
  // The rule that was looked at when this graph was opened.
  const start = useMemo(() => {
    const rule = looked_at(id);
    return rule === undefined ? undefined : laid.boxes.find((box) => box.rules.includes(rule))?.id;
  }, [id, laid.boxes]);

  /** What was chosen before the first of two clicks. */
  const before = useRef<string[] | undefined>(undefined);
  const rule_of = (target: EventTarget): string | undefined => {
    const box =
      target instanceof Element ? target.closest<HTMLElement>("[data-box]")?.dataset.box : undefined;
    return laid.boxes.find((one) => one.id === box)?.rules[0];
  };
  const enter = (rule: string, chosen: string[] | undefined) => {
    look_at(id, rule);
    set({ graph: "jobs", rule: chosen });
  };
  const all = [...laid.layout.nodes];
  const right = Math.max(...all.map(([, place]) => place.x + place.width));
  const bottom = Math.max(...all.map(([, place]) => place.y + place.height));
  /** Whether all of it has room in the window. */
  const fits = (zoom: number) => {
    const { width, height } = store.getState();
    return right * zoom <= width && bottom * zoom <= height;
  };
  useOnViewportChange({
    onEnd: ({ x, y, zoom }) => {
      const { width, height } = store.getState();
      // As far as the whole is in sight, no rule is meant.
      if (fits(zoom)) {
        look_at(id, undefined);
        return;
      }
      const [cx, cy] = [(width / 2 - x) / zoom, (height / 2 - y) / zoom];
      let best: string | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const [box, place] of all) {
        const away = Math.hypot(place.x + place.width / 2 - cx, place.y + place.height / 2 - cy);
        if (away < least) [best, least] = [box, away];
      }
      look_at(id, laid.boxes.find((one) => one.id === best)?.rules[0]);
    },
  });
  return {
    start,
    ways: {
      onWheelCapture: (event: WheelEvent) => {
        if (is_for_scrolling(event.nativeEvent, event.currentTarget)) {
          event.stopPropagation(); // the drawing hears nothing of it, and the page scrolls
          return;
        }
        const rule = rule_of(event.target);
        if (rule === undefined || event.deltaY >= 0 || getViewport().zoom < closest * 0.99)
          push.current.rest();
        else if (push.current.add(event.deltaY)) enter(rule, search.rule);
      },
      // One finger moves what is larger than its window, and otherwise what can be scrolled around it.
      onTouchMoveCapture: (event: TouchEvent) => {
        if (event.touches.length === 1 && fits(getViewport().zoom) && scrolls(event.currentTarget)) {
          event.stopPropagation();
        }
      },
      onClickCapture: (event: MouseEvent) => {
        // Enter clicks too, and counts no clicks: 0.
        if (event.detail < 2) before.current = search.rule;
        // The second of two clicks would choose something else again.
        else if (rule_of(event.target) !== undefined) event.stopPropagation();
      },
      onDoubleClickCapture: (event: MouseEvent) => {
        const rule = rule_of(event.target);
        if (rule === undefined) return;
        event.stopPropagation();
        enter(rule, before.current);
      },
    },
  };
}
