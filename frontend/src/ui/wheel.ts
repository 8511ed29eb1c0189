/**
 * Whether a turn of the wheel over a drawing is for what can be scrolled around it: lanes that are more than fit, a page that is
 * higher than its window. With Ctrl (which is also how a pinch on a touch pad comes), ⌘ or Shift, and sideways, it is the drawing's.
 */
export function is_for_scrolling(event: WheelEvent, drawing: Element): boolean {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return false;
  return Math.abs(event.deltaY) >= Math.abs(event.deltaX) && scrolls(drawing);
}

/** Whether something can be scrolled up or down around it. */
export function scrolls(drawing: Element): boolean {
  for (let one: Element | null = drawing; one; one = one.parentElement) {
    if (one.scrollHeight <= one.clientHeight + 1) continue;
    const { overflowY } = getComputedStyle(one);
    const whole = one === document.documentElement && overflowY === "visible";
    if (whole || overflowY === "auto" || overflowY === "scroll") return true;
  }
  return false;
}
