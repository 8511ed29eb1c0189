import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useShade } from "../../../theme/mode.ts";
import { BarTip } from "./BarTip.tsx";
import { colours_of } from "./colours.ts";
import { LaneNames } from "./LaneNames.tsx";
import { draw_chain, draw_mark, draw_texts } from "./marks.ts";
import { useNavigation } from "./navigate.ts";
import { hit, paint, row_place, type Scene, tops_of } from "./raster.ts";
import { useCanvas } from "./useCanvas.ts";
import type { Drawn } from "./useTimeline.ts";
import type { View } from "./view.ts";

interface StageProps {
  drawn: Drawn;
  view: View;
  /** Rows of the longest chain, the first to run first. */
  chain: number[] | null;
  /** The row that the keyboard is at; null: none. */
  marked: number | null;
  on_open: (number: number) => void;
  /** Somebody points at a bar: the keyboard's mark goes. */
  on_point: () => void;
}

const pad = 4; // px beside the rows of a lane

/** The bars in their lanes. */
export function LaneStage({ drawn, view, chain, marked, on_open, on_point }: StageProps) {
  const { spans, lanes, kind, until, dimmed } = drawn;
  const colours = colours_of(useShade());
  const slots = kind === "slot";
  const scroll = useRef<HTMLDivElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const [room, set_room] = useState({ width: 0, height: 0 });
  const [top, set_top] = useState(0);
  const [pointed, set_pointed] = useState<{ row: number; x: number; y: number } | null>(null);
  const tops = useMemo(() => tops_of(lanes, room.height, slots), [lanes, room.height, slots]);
  const total = tops.at(-1) ?? 0;

  const scene_at = useCallback(
    (scale: number): Scene => {
      const from_top = scroll.current?.scrollTop ?? 0;
      return {
        ...{ lanes, status: spans.status, until, dimmed, slots, scale, pad: pad * scale },
        ...{ tops: tops.map((y) => (y - from_top) * scale), from: view.from, to: view.to },
      };
    },
    [lanes, spans, until, dimmed, slots, tops, view],
  );
  const image = useRef<ImageData | null>(null);
  const { canvas, repaint } = useCanvas(({ context, width, height, scale }) => {
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (image.current?.width !== wide || image.current.height !== high) {
      image.current = context.createImageData(wide, high);
    }
    const picture = image.current;
    const scene = scene_at(scale);
    paint({ pixels: new Uint32Array(picture.data.buffer), width: wide, height: high }, scene, colours);
    context.putImageData(picture, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    draw_texts(context, scene, wide, high, drawn, colours);
    if (chain) draw_chain(context, scene, wide, chain, colours);
    const row = marked ?? pointed?.row;
    if (row != null) draw_mark(context, scene, wide, row, colours);
  });
  useEffect(
    () =>
      view.subscribe(() => {
        set_pointed(null);
        repaint();
      }),
    [view, repaint],
  );
  useEffect(() => {
    const node = scroll.current;
    if (!node) return;
    const sizes = new ResizeObserver(() => {
      set_room({ width: plot.current?.clientWidth ?? 0, height: node.clientHeight });
    });
    sizes.observe(node);
    return () => sizes.disconnect();
  }, []);

  const at_pointer = useCallback(
    (event: { clientX: number; clientY: number }) => {
      const bounds = canvas.current?.getBoundingClientRect();
      if (!bounds) return null;
      const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
      const row = hit(scene_at(1), bounds.width, x, y);
      return row < 0 ? null : { row, x, y };
    },
    [canvas, scene_at],
  );
  const on_drag = useCallback((by: number) => {
    if (scroll.current) scroll.current.scrollTop += by;
  }, []);
  const on_click = useCallback(
    (event: PointerEvent) => {
      const found = at_pointer(event);
      if (found) on_open(spans.number[found.row] as number);
    },
    [at_pointer, on_open, spans],
  );
  useNavigation(plot, view, { on_drag, on_click });

  // The keyboard's bar comes into sight.
  useEffect(() => {
    const node = scroll.current;
    const lane = marked === null ? -1 : (lanes.lane[marked] ?? -1);
    if (!node || marked === null || lane < 0) return;
    const [y, each] = row_place({ ...scene_at(1), tops: tops.slice() }, lane, lanes.row[marked] as number);
    if (y < node.scrollTop || y + each > node.scrollTop + node.clientHeight) {
      node.scrollTop = y - node.clientHeight / 2;
    }
  }, [marked, lanes, tops, scene_at]);

  const told = marked !== null ? place_of(scene_at(1), room.width, marked) : pointed;
  return (
    <div
      className="tl-lanes"
      ref={scroll}
      onScroll={(event) => {
        set_top(event.currentTarget.scrollTop);
        set_pointed(null);
        repaint();
      }}
    >
      <div className="tl-row" style={{ height: Math.max(total, room.height) }}>
        <LaneNames drawn={drawn} tops={tops} top={top} height={room.height} />
        <div
          className="tl-plot"
          ref={plot}
          data-on={pointed ? "" : undefined}
          onPointerMove={(event) => {
            if (event.buttons !== 0 || event.pointerType === "touch") return;
            const found = at_pointer(event);
            if (found) on_point();
            set_pointed(found);
          }}
          onPointerLeave={() => set_pointed(null)}
        >
          <canvas ref={canvas} style={{ height: room.height }} />
          {told && (
            <BarTip
              key={told.row}
              drawn={drawn}
              row={told.row}
              at={{ x: told.x, y: told.y }}
              within={room}
              top={top}
            />
          )}
        </div>
      </div>
    </div>
  );
}

function place_of(scene: Scene, width: number, row: number) {
  const lane = scene.lanes.lane[row] ?? -1;
  if (lane < 0) return null;
  const [y, each] = row_place(scene, lane, scene.lanes.row[row] as number);
  const at = Math.min(scene.lanes.bars.to[row] as number, scene.until);
  const x = ((at - scene.from) / (scene.to - scene.from)) * width;
  return { row, x: Math.min(Math.max(0, x), width), y: y + each };
}
