import { Glyph } from "../../../ui/Glyph.tsx";
import { GraphKind } from "../graph/GraphKind.tsx";
import { useSelection } from "../selection/selection.ts";

/** The row above the job graph. Without `save` there is nothing yet that could be saved. */
export function JobTools({ chain = false, save }: { chain?: boolean; save?: () => void }) {
  const { set } = useSelection();
  return (
    <div className="graph-tools">
      <GraphKind />
      <span className="job-tools-room" />
      {save && (
        <>
          <button
            type="button"
            className="chip"
            aria-pressed={chain}
            title="The jobs one after another that took longest together, by what was measured"
            onClick={() => set({ chain: chain ? undefined : "shown" }, true)}
          >
            Longest chain
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Save as PNG"
            title="Save as PNG"
            onClick={save}
          >
            <Glyph name="save" />
          </button>
        </>
      )}
    </div>
  );
}
