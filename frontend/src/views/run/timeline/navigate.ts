import { type RefObject, useEffect } from "react";
import { is_for_scrolling } from "../../../ui/wheel.ts";
import type { View } from "./view.ts";

const still_px = 4; // a press that moves less is a click

/**
 * Wheel, drag and pinch on a drawing of time. The wheel zooms about the pointer, with Ctrl where it scrolls otherwise; sideways
 * or with Shift it moves; a drag moves; two fingers zoom. `on_drag`: by how many px it moved up or down, for what scrolls. `on_click`: pressed and let go in place.
 */
export function useNavigation(
  box: RefObject<HTMLElement | null>,
  view: View,
  { on_drag, on_click }: { on_drag?: (by: number) => void; on_click?: (event: PointerEvent) => void } = {},
) {
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const share = (x: number) => {
      const bounds = node.getBoundingClientRect();
      return (x - bounds.left) / Math.max(1, bounds.width);
    };
    const moment = (x: number) => view.from + (view.to - view.from) * share(x);
    const on_wheel = (event: WheelEvent) => {
      if (is_for_scrolling(event, node)) return;
      const pages = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      event.preventDefault();
      if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        view.pan((across * pages) / Math.max(1, node.clientWidth));
        return;
      }
      // A pinch on a touch pad comes as a wheel with Ctrl, in small steps; a wheel with Ctrl comes in large ones.
      const by = event.deltaY * pages;
      const step = event.ctrlKey ? Math.max(-25, Math.min(25, by)) * 0.012 : by * 0.0018;
      view.zoom(moment(event.clientX), Math.exp(step));
    };
    const fingers = new Map<number, { x: number; y: number }>();
    let pressed: { x: number; y: number; moved: boolean } | null = null;
    const on_down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      pressed = { x: event.clientX, y: event.clientY, moved: fingers.size > 1 };
    };
    const on_move = (event: PointerEvent) => {
      const held = fingers.get(event.pointerId);
      if (!held || !pressed) return;
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > still_px && !pressed.moved) {
        pressed.moved = true;
        node.setPointerCapture(event.pointerId);
        node.dataset.dragged = "";
      }
      if (!pressed.moved) return;
      const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const [other] = others;
      if (other) {
        // However the fingers stand to each other: the one below the other mean it too.
        const before = Math.hypot(held.x - other.x, held.y - other.y);
        const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
        const middle = (event.clientX + other.x) / 2;
        if (before > 8 && after > 8) view.zoom(moment(middle), before / after);
      } else {
        view.pan((held.x - event.clientX) / Math.max(1, node.clientWidth));
        if (event.pointerType === "mouse") on_drag?.(held.y - event.clientY);
      }
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    const on_up = (event: PointerEvent) => {
      const known = fingers.delete(event.pointerId);
      if (known && pressed && !pressed.moved && event.type === "pointerup") on_click?.(event);
      if (fingers.size === 0) {
        pressed = null;
        delete node.dataset.dragged;
      }
    };
    const on_double = () => view.all();
    node.addEventListener("wheel", on_wheel, { passive: false });
    node.addEventListener("pointerdown", on_down);
    node.addEventListener("pointermove", on_move);
    node.addEventListener("pointerup", on_up);
    node.addEventListener("pointercancel", on_up);
    node.addEventListener("dblclick", on_double);
    return () => {
      node.removeEventListener("wheel", on_wheel);
      node.removeEventListener("pointerdown", on_down);
      node.removeEventListener("pointermove", on_move);
      node.removeEventListener("pointerup", on_up);
      node.removeEventListener("pointercancel", on_up);
      node.removeEventListener("dblclick", on_double);
    };
  }, [box, view, on_drag, on_click]);
}
