import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Board } from "./board.ts";
import { place_of } from "./layout.ts";
import { fit_zoom } from "./view.ts";

const wide = 140;
const high = 96;

/** The whole in small with the window in it, while not all of it is in the window; it is dragged there. */
export function JobMap({ board, version }: { board: Board; version: unknown }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [needed, set_needed] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: painted anew with each version of what is drawn
  useEffect(() => {
    const whole = document.createElement("canvas");
    const scale = window.devicePixelRatio || 1;
    whole.width = wide * scale;
    whole.height = high * scale;
    paint_whole(whole, board, scale);
    let frame = 0;
    const paint = () => {
      frame = 0;
      const ctx = canvas.current?.getContext("2d");
      if (!ctx) return;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.drawImage(whole, 0, 0);
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      paint_window(ctx, board);
    };
    const moved = () => {
      const { layout } = board.scene ?? {};
      set_needed(layout !== undefined && board.view.zoom > fit_zoom(layout, board.size) * 1.25);
      frame ||= requestAnimationFrame(paint);
    };
    moved();
    const forget = board.on_view(moved);
    return () => {
      forget();
      cancelAnimationFrame(frame);
    };
  }, [board, version, needed]);
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons === 0) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const { zoom, x, y } = place_of_whole(board);
    const view = board.view;
    board.take({
      ...view,
      x: (event.clientX - left - x) / zoom - board.size.width / 2 / view.zoom,
      y: (event.clientY - top - y) / zoom - board.size.height / 2 / view.zoom,
    });
  };
  if (!needed) return null;
  return (
    <canvas
      ref={canvas}
      className="job-map"
      width={wide * (window.devicePixelRatio || 1)}
      height={high * (window.devicePixelRatio || 1)}
      style={{ width: wide, height: high }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    />
  );
}

function place_of_whole({ scene }: Board): { zoom: number; x: number; y: number } {
  const { width = 1, height = 1 } = scene?.layout ?? {};
  const zoom = Math.min((wide - 8) / Math.max(1, width), (high - 8) / Math.max(1, height));
  return { zoom, x: (wide - width * zoom) / 2, y: (high - height * zoom) / 2 };
}

function paint_whole(canvas: HTMLCanvasElement, board: Board, scale: number) {
  const ctx = canvas.getContext("2d");
  const { scene, specks, look } = board;
  if (!ctx || !scene || !specks) return;
  const { x, y, w, h, start } = scene.layout;
  const place = place_of_whole(board);
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.fillStyle = look.palette.panel;
  ctx.fillRect(0, 0, wide, high);
  ctx.imageSmoothingQuality = "medium";
  for (let rule = 0; rule < x.length; rule++) {
    const picture = specks.small[rule];
    if (!picture || start[rule] === start[rule + 1]) continue;
    const [left, top] = [
      place.x + (x[rule] as number) * place.zoom,
      place.y + (y[rule] as number) * place.zoom,
    ];
    const [long, tall] = [(w[rule] as number) * place.zoom, (h[rule] as number) * place.zoom];
    ctx.drawImage(picture, left, top, Math.max(2, long), Math.max(2, tall));
  }
  ctx.fillStyle = look.status[0]?.colour ?? "";
  for (let job = 0; job < scene.states.length; job++) {
    if (scene.states[job] !== 0) continue; // the first of all statuses is failed
    const at = place_of(scene.layout, scene.shape, job);
    ctx.fillRect(place.x + at.x * place.zoom - 1, place.y + at.y * place.zoom - 1, 2.5, 2.5);
  }
}

function paint_window(ctx: CanvasRenderingContext2D, board: Board) {
  const { view, size, look } = board;
  const { zoom, x, y } = place_of_whole(board);
  const [left, top] = [x + view.x * zoom, y + view.y * zoom];
  const [long, tall] = [(size.width / view.zoom) * zoom, (size.height / view.zoom) * zoom];
  ctx.fillStyle = look.palette.text_faint;
  ctx.globalAlpha = 0.22;
  ctx.beginPath();
  ctx.rect(0, 0, wide, high);
  ctx.rect(left, top, long, tall);
  ctx.fill("evenodd");
  ctx.globalAlpha = 1;
  ctx.strokeStyle = look.palette.accent;
  ctx.strokeRect(left, top, long, tall);
}
