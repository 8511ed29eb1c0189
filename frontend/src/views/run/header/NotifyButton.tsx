import { useState } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { forget, useWanted, want } from "../../../live/wanted.ts";
import { Announce } from "../../../ui/Announce.tsx";
import { Glyph } from "../../../ui/Glyph.tsx";

/** Asks for a desktop notification at the run's end. The browser's own question comes only after the click. */
export function NotifyButton({ run }: { run: RunDetail }) {
  const wanted = useWanted(run.id);
  const [said, say] = useState("");
  if (run.ended_at) return null;
  // Browsers know notifications on secure origins only; a login node's plain http is none.
  const known = "Notification" in window;
  const on = wanted && known && Notification.permission === "granted";
  const title = !known
    ? "Browsers give notifications only to pages that come by https, or from this machine"
    : on
      ? "You are told when it ends. Click to be left alone"
      : said || "Tell me when it ends";
  const toggle = async () => {
    if (on) {
      forget(run.id);
      say("");
      return;
    }
    const answer =
      Notification.permission === "default"
        ? await Notification.requestPermission()
        : Notification.permission;
    if (answer === "granted") {
      want(run.id);
      say("You are told when it ends");
    } else if (answer === "denied") {
      say("The browser shows no notifications of this page: its settings forbid them");
    } else say("The browser's question was left open: click once more to be asked again");
  };
  return (
    <>
      <button
        type="button"
        className="icon-button notify"
        aria-pressed={on}
        aria-label="Tell me when it ends"
        title={title}
        disabled={!known}
        onClick={() => void toggle()}
      >
        <Glyph name="bell" />
      </button>
      {said && !on && <span className="bad run-head-said">{said}</span>}
      <Announce text={said} after_ms={0} />
    </>
  );
}
