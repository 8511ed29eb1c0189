/** The layout's own thread: 100,000 jobs must not stand in the way of the page. */
import { lay_out } from "./layout.ts";
import type { Link, Shape } from "./shape.ts";

const here = self as unknown as {
  onmessage: (event: MessageEvent<{ shape: Shape; told: Link[] }>) => void;
  postMessage: (message: unknown, transfer: Transferable[]) => void;
};

here.onmessage = ({ data }) => {
  const layout = lay_out(data.shape, data.told);
  const { x, y, w, h, rows, order, start, slot } = layout;
  here.postMessage(
    layout,
    [x, y, w, h, rows, order, start, slot].map((column) => column.buffer),
  );
};
