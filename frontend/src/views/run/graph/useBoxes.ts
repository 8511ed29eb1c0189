import { useEffect, useMemo, useState } from "react";
import type { RuleGraph } from "../../../api/types.ts";
import { useSelection } from "../selection/selection.ts";
import { type Box, boxes_of, type Fold, folded_of, folds_of, type Link, told_folds } from "./fold.ts";
import { type Layout, lay_out } from "./layout.ts";

/** Boxes and links together with the layout that was made of them. */
export interface Laid {
  boxes: Box[];
  links: Link[];
  layout: Layout;
}

/** Laid out again only when rules, links or folds change: while counts move, nothing does. What is folded is in the URL. */
export function useBoxes(graph: RuleGraph) {
  const { search, set } = useSelection();
  const shape = JSON.stringify([graph.nodes.map((node) => node.rule), graph.links]);
  const [rules, links, folds] = useMemo(() => {
    const [rules, links] = JSON.parse(shape) as [string[], Link[]];
    return [rules, links, folds_of(rules, links)] as const;
  }, [shape]);
  const told = JSON.stringify(search.folds);
  const folded = useMemo(
    () => folded_of(told === undefined ? undefined : JSON.parse(told), folds, rules.length),
    [told, folds, rules],
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
  // Not a step of its own for Back: what one looks at is the same.
  const put = (next: ReadonlySet<string>) => set({ folds: told_folds(next, folds, rules.length) }, true);
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
