import { type RefObject, useEffect, useState } from "react";
import { look_at, looked_at } from "../graph/whereabouts.ts";
import { Board } from "./board.ts";
import { block_of } from "./hit.ts";
import type { Look } from "./look.ts";
import { rule_near } from "./reach.ts";
import type { Scene } from "./scene.ts";
import { fit_zoom, type View } from "./view.ts";

/** Where one was in the job graph of a run stays so while the page lives. */
const kept = new Map<string, View>();

/** The rule in the middle of the window; undefined where all are seen. */
function rule_in_sight(board: Board): number | undefined {
  const layout = board.scene?.layout;
  if (!layout || board.whole || board.view.zoom <= fit_zoom(layout, board.size) * 1.1) return undefined;
  const { x, y } = board.at(board.size.width / 2, board.size.height / 2);
  return rule_near(layout, x, y);
}

/** Where a graph opens: at the rule that was looked at in the other one, or where one was. */
function open_at(board: Board, id: string) {
  const { layout, shape } = board.scene ?? {};
  const name = looked_at(id);
  const rule = name === undefined ? -1 : (shape?.rules.indexOf(name) ?? -1);
  if (!layout || rule < 0) return;
  const before = kept.get(id);
  if (before) {
    board.take(before);
    if (rule_in_sight(board) === rule) return;
  }
  if ((layout.w[rule] as number) > 0) board.go_to(block_of(layout, rule));
}

/** Draws a scene on a canvas that takes the whole of a box, and keeps what is seen of it for later. */
export function useBoard(
  id: string,
  box: RefObject<HTMLElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  scene: Scene,
  look: Look,
): Board | null {
  const [board, set_board] = useState<Board | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first scene only opens it; the next effect shows all others
  useEffect(() => {
    if (!canvas.current || !box.current) return;
    const made = new Board(canvas.current, look);
    const fill = () => {
      const { clientWidth, clientHeight } = box.current ?? { clientWidth: 0, clientHeight: 0 };
      made.resize({ width: clientWidth, height: clientHeight });
    };
    fill();
    made.show(scene, look);
    open_at(made, id);
    const forget = made.on_view(() => {
      const rule = rule_in_sight(made);
      look_at(id, rule === undefined ? undefined : made.scene?.shape.rules[rule]);
      if (made.whole) kept.delete(id);
      else kept.set(id, made.view);
    });
    const sizes = new ResizeObserver(fill);
    sizes.observe(box.current);
    set_board(made);
    return () => {
      forget();
      sizes.disconnect();
      made.stop();
    };
  }, [id, box, canvas]);
  useEffect(() => board?.show(scene, look), [board, scene, look]);
  return board;
}
