import { type RefObject, useCallback, useEffect, useRef } from "react";

export interface Sheet {
  context: CanvasRenderingContext2D;
  /** px of the page. */
  width: number;
  height: number;
  /** Pixels of the screen for one of them. */
  scale: number;
}

/** A canvas as large as its box, in pixels of the screen; `draw` is called at most once a frame after `repaint`. */
export function useCanvas(draw: (sheet: Sheet) => void): {
  canvas: RefObject<HTMLCanvasElement | null>;
  repaint: () => void;
} {
  const canvas = useRef<HTMLCanvasElement>(null);
  const current = useRef(draw);
  current.current = draw;
  const frame = useRef(0);
  const repaint = useCallback(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const node = canvas.current;
      const context = node?.getContext("2d");
      if (!node || !context) return;
      const [width, height, scale] = [node.clientWidth, node.clientHeight, window.devicePixelRatio || 1];
      if (width === 0 || height === 0) return;
      const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
      if (node.width !== wide || node.height !== high) [node.width, node.height] = [wide, high];
      context.setTransform(scale, 0, 0, scale, 0, 0);
      current.current({ context, width, height, scale });
    });
  }, []);
  useEffect(() => {
    const node = canvas.current;
    if (!node) return;
    const sizes = new ResizeObserver(repaint);
    sizes.observe(node);
    return () => {
      sizes.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [repaint]);
  // What is drawn changes with the component.
  useEffect(repaint);
  return { canvas, repaint };
}
