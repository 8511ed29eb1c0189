import { useEffect, useMemo, useState } from "react";
import type { RuleGraph } from "../../../api/types.ts";
import { opens_folded } from "../table/marks.ts";
import { type Box, boxes_of, type Fold, folds_of, type Link } from "./fold.ts";
import { type Layout, lay_out } from "./layout.ts";

/** Boxes and links together with the layout that was made of them. */
export interface Laid {
  boxes: Box[];
  links: Link[];
  layout: Layout;
}

/** What was folded stays so while the page lives, whichever tab is shown. */
const kept = new Map<string, ReadonlySet<string>>();

/** Laid out again only when rules, links or folds change: while counts move, nothing does. */
export function useBoxes(id: string, graph: RuleGraph) {
  const shape = JSON.stringify([graph.nodes.map((node) => node.rule), graph.links]);
  const [rules, links, folds] = useMemo(() => {
    const [rules, links] = JSON.parse(shape) as [string[], Link[]];
    return [rules, links, folds_of(rules, links)] as const;
  }, [shape]);
  const [folded, set_folded] = useState<ReadonlySet<string>>(
    () => kept.get(id) ?? new Set(opens_folded(rules.length) ? folds.map((fold) => fold.id) : []),
  );
  const [laid, set_laid] = useState<Laid | null>(null);
  const [broken, set_broken] = useState(false);
  useEffect(() => {
    let current = true;
    const made = boxes_of(rules, links, folds, folded);
    lay_out(made.boxes, made.links).then(
      (layout) => current && set_laid({ ...made, layout }),
      () => current && set_broken(true),
    );
    return () => {
      current = false;
    };
  }, [rules, links, folds, folded]);
  const put = (next: ReadonlySet<string>) => {
    kept.set(id, next);
    set_folded(next);
  };
  return {
    laid,
    broken,
    folds,
    folded: folds.filter((fold) => folded.has(fold.id)).length,
    turn: (fold: Fold) => {
      const next = new Set(folded);
      if (!next.delete(fold.id)) next.add(fold.id);
      put(next);
    },
    fold_all: (fold: boolean) => put(new Set(fold ? folds.map(({ id }) => id) : [])),
  };
}
