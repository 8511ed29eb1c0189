import { useLive } from "../../live/live.tsx";
import { useTimes } from "../../ui/Times.tsx";

/** Whether what one sees is of now, and if not, of when. */
export function LiveMark() {
  const { link, paused, watching, as_of, pause } = useLive();
  const times = useTimes();
  if (!watching) return null;
  const of = as_of ? times.clock(new Date(as_of).toISOString()) : "";
  const state = paused ? "paused" : link === "signed-out" ? "reconnecting" : link;
  const action = paused ? "go on" : "pause";
  return (
    <button
      type="button"
      className="live-mark"
      data-state={state}
      title={paused ? "Go on showing what happens" : "Hold the page as it is now"}
      onClick={() => pause(!paused)}
    >
      <i aria-hidden="true" />
      <span>
        {state === "live" && "live"}
        {state === "connecting" && "connecting"}
        {state === "paused" && (
          <>
            paused<span className="long"> at {of}</span>
          </>
        )}
        {state === "reconnecting" && (
          <>
            reconnecting
            {of && <span className="long">, what you see is of {of}</span>}
          </>
        )}
      </span>
      <span className="hidden-text">, {action}</span>
    </button>
  );
}
