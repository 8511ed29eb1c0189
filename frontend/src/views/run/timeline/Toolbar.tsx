import { count, duration } from "../../../ui/format.ts";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { ZoomButtons } from "../../../ui/ZoomButtons.tsx";
import { type Chain, chain_words } from "../graph/chain.ts";
import { useSelection } from "../selection/selection.ts";
import type { Drawn } from "./useTimeline.ts";
import type { View } from "./view.ts";

interface ToolbarProps {
  drawn: Drawn;
  view: View;
  chain: Chain | null;
  shows_chain: boolean;
  on_chain: (shows: boolean) => void;
  on_failed: (step: 1 | -1) => void;
}

/** Bars or figures. */
export function Shows() {
  const { search, set } = useSelection();
  return (
    <div className="tl-shows" role="group" aria-label="Show">
      {([undefined, "figures"] as const).map((one) => (
        <button
          key={one ?? "bars"}
          type="button"
          className="chip"
          aria-pressed={search.show === one}
          onClick={() => set({ show: one })}
        >
          {one ? "Figures" : "Bars"}
        </button>
      ))}
    </div>
  );
}

export function Toolbar({ drawn, view, chain, shows_chain, on_chain, on_failed }: ToolbarProps) {
  const { run, kind, failed } = drawn;
  const { set } = useSelection();
  const middle = () => (view.from + view.to) / 2;
  return (
    <div className="tl-bar">
      <Shows />
      <label>
        <span className="faint">Lanes</span>{" "}
        <select
          value={kind}
          onChange={({ target }) => set({ lanes: target.value === "rule" ? undefined : target.value })}
        >
          <option value="rule">rule</option>
          {run.wildcards.map((name) => (
            <option key={name} value={`by:${name}`}>
              {name}
            </option>
          ))}
          <option value="slot">slots in use</option>
        </select>
      </label>
      {chain && chain.jobs.length > 0 && (
        <button
          type="button"
          className="chip"
          aria-pressed={shows_chain}
          title={`${count(chain.jobs.length)} jobs that waited for one another and took longest together: a faster run needs a faster one of these`}
          onClick={() => on_chain(!shows_chain)}
        >
          {chain_words(run)} {duration(chain.total / 1000)}
        </button>
      )}
      {failed.length > 0 && (
        <button
          type="button"
          className="chip"
          title="Go to the next that failed (n)"
          onClick={() => on_failed(1)}
        >
          <StatusIcon status="failed" size={12} /> {count(failed.length)}{" "}
          {failed.length === 1 ? "failed attempt" : "failed attempts"}
        </button>
      )}
      <span className="tl-legend faint" aria-hidden="true">
        <span>
          <i className="tl-queued" /> queued
        </span>
      </span>
      <span className="tl-zoom">
        <ZoomButtons keys zoom={(to) => view.zoom(middle(), to > 0 ? 0.6 : 1 / 0.6)} all={() => view.all()} />
      </span>
    </div>
  );
}
