/** Which part of a drawing is seen, and how large. Pure. */

export interface View {
  /** What of the drawing stands in the upper left corner. */
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Box extends Size {
  x: number;
  y: number;
}

export const most_zoom = 3;
const margin = 0.05;
/** Few jobs are not blown up to fill the pane. */
const usual_zoom = 1;

export const fit_zoom = (whole: Size, size: Size): number =>
  Math.min(
    usual_zoom,
    (size.width * (1 - 2 * margin)) / Math.max(1, whole.width),
    (size.height * (1 - 2 * margin)) / Math.max(1, whole.height),
  );

/** A box in the middle, as large as there is room for it, but no larger than `most`. */
export function fitted(box: Box, size: Size, most = usual_zoom): View {
  const zoom = Math.min(most, fit_zoom(box, size));
  return centred({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, size, zoom);
}

export const centred = ({ x, y }: { x: number; y: number }, size: Size, zoom: number): View => ({
  x: x - size.width / 2 / zoom,
  y: y - size.height / 2 / zoom,
  zoom,
});

/** Closer or farther by a factor; what is at the point (of the screen) stays there. */
export function zoomed(view: View, by: number, px: number, py: number, least: number): View {
  const zoom = Math.min(most_zoom, Math.max(least, view.zoom * by));
  return { x: view.x + px / view.zoom - px / zoom, y: view.y + py / view.zoom - py / zoom, zoom };
}

/** Moved by pixels of the screen, but never so far that nothing is seen. */
export function moved(view: View, dx: number, dy: number, whole: Size, size: Size): View {
  const keep = 60 / view.zoom;
  const bound = (at: number, all: number, seen: number) => Math.min(all - keep, Math.max(keep - seen, at));
  return {
    x: bound(view.x + dx / view.zoom, whole.width, size.width / view.zoom),
    y: bound(view.y + dy / view.zoom, whole.height, size.height / view.zoom),
    zoom: view.zoom,
  };
}

/** As little moved as brings a box into sight, with some room around it. */
export function shown(view: View, box: Box, size: Size, room = 40): View {
  const along = (at: number, long: number, from: number, seen: number) => {
    const around = Math.min(room / view.zoom, Math.max(0, (seen - long) / 2));
    return Math.max(at + long + around - seen, Math.min(at - around, from));
  };
  return {
    x: along(box.x, box.width, view.x, size.width / view.zoom),
    y: along(box.y, box.height, view.y, size.height / view.zoom),
    zoom: view.zoom,
  };
}
