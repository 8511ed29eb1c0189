import { useSelection } from "../selection/selection.ts";
import { look_at } from "./whereabouts.ts";

const kinds = [
  ["rules", "Rules"],
  ["jobs", "Jobs"],
] as const;

/** Which graph is drawn: of rules, or of each single job. It goes to the rule that is chosen, if that is one. */
export function GraphKind() {
  const { id, search, set } = useSelection();
  const shown = search.graph ?? "rules";
  return (
    <div className="graph-kind" role="group" aria-label="What the graph is of">
      {kinds.map(([kind, word]) => (
        <button
          key={kind}
          type="button"
          aria-pressed={shown === kind}
          onClick={() => {
            if (kind === shown) return;
            const [rule, more] = search.rule ?? [];
            if (rule !== undefined && more === undefined) look_at(id, rule);
            set({ graph: kind === "jobs" ? "jobs" : undefined });
          }}
        >
          {word}
        </button>
      ))}
    </div>
  );
}
