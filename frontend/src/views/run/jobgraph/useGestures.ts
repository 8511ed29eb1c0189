import { type RefObject, useEffect, useRef } from "react";
import { is_for_scrolling, scrolls } from "../../../ui/wheel.ts";
import { Push } from "../graph/whereabouts.ts";
import type { Board } from "./board.ts";

const still = 5; // px that a finger or a hand moves when it only means to press

export interface Acts {
  /** The pointer is at this point of the canvas; null: it went away, or something is dragged. */
  hover: (at: { x: number; y: number } | null) => void;
  press: (at: { x: number; y: number }) => void;
  /** Somebody goes on zooming out where there is no farther. */
  out: () => void;
}

/** Drag, wheel and pinch; what they mean beyond that is the caller's. */
export function useGestures(canvas: RefObject<HTMLCanvasElement | null>, board: Board | null, acts: Acts) {
  const current = useRef(acts);
  current.current = acts;
  useEffect(() => {
    const node = canvas.current;
    if (!node || !board) return;
    const down = new Map<number, { x: number; y: number }>();
    const push = new Push();
    let begun: { x: number; y: number } | null = null;
    const at = (event: PointerEvent | WheelEvent) => {
      const { left, top } = node.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const middle = () => {
      const [a, b] = [...down.values()];
      if (!a || !b) return null;
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
    };
    const on_down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      leave_fingers(); // for the next one: around it things may have grown
      node.setPointerCapture(event.pointerId);
      down.set(event.pointerId, at(event));
      begun = down.size === 1 ? at(event) : null;
    };
    const on_move = (event: PointerEvent) => {
      const now = at(event);
      const before = down.get(event.pointerId);
      if (!before) {
        if (event.pointerType !== "touch") current.current.hover(now);
        return;
      }
      if (begun && Math.hypot(now.x - begun.x, now.y - begun.y) < still) return;
      // Upwards or down it is the browser's: it says so a moment later.
      if (begun && node.style.touchAction === "pan-y" && event.pointerType === "touch") {
        if (Math.abs(now.y - begun.y) > Math.abs(now.x - begun.x)) return;
      }
      begun = null;
      const held = middle();
      down.set(event.pointerId, now);
      const next = middle();
      current.current.hover(null);
      if (!held || !next) board.pan(before.x - now.x, before.y - now.y);
      else {
        board.zoom(next.apart / Math.max(1, held.apart), next.x, next.y);
        board.pan(held.x - next.x, held.y - next.y);
      }
    };
    const on_up = (event: PointerEvent) => {
      if (down.delete(event.pointerId) && begun) current.current.press(begun);
      begun = null;
    };
    const on_cancel = (event: PointerEvent) => {
      down.delete(event.pointerId);
      begun = null;
    };
    // One finger moves what is larger than its window, and otherwise what can be scrolled around it.
    const leave_fingers = () => {
      node.style.touchAction = board.whole && scrolls(node) ? "pan-y" : "none";
    };
    leave_fingers();
    const forget = board.on_view(leave_fingers);
    const on_leave = () => current.current.hover(null);
    const on_wheel = (event: WheelEvent) => {
      if (is_for_scrolling(event, node)) return;
      event.preventDefault();
      const pixels = event.deltaMode === 1 ? event.deltaY * 25 : event.deltaY;
      const { x, y } = at(event);
      // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
      const zoomed = board.zoom(2 ** (-pixels * (event.ctrlKey ? 0.01 : 0.0022)), x, y);
      if (zoomed || pixels < 0) push.rest();
      else if (push.add(pixels)) current.current.out();
    };
    node.addEventListener("pointerdown", on_down);
    node.addEventListener("pointermove", on_move);
    node.addEventListener("pointerup", on_up);
    node.addEventListener("pointercancel", on_cancel);
    node.addEventListener("pointerleave", on_leave);
    node.addEventListener("wheel", on_wheel, { passive: false });
    window.addEventListener("resize", leave_fingers);
    return () => {
      forget();
      window.removeEventListener("resize", leave_fingers);
      node.removeEventListener("pointerdown", on_down);
      node.removeEventListener("pointermove", on_move);
      node.removeEventListener("pointerup", on_up);
      node.removeEventListener("pointercancel", on_cancel);
      node.removeEventListener("pointerleave", on_leave);
      node.removeEventListener("wheel", on_wheel);
    };
  }, [canvas, board]);
}
