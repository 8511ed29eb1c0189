import { type ReactNode, useEffect, useState } from "react";
import { Glyph } from "./Glyph.tsx";

export async function put_on_clipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers give the clipboard to secure origins only; a login node's plain http is none.
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    // What stands outside of an open sheet cannot be selected.
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    return done;
  }
}

/** `children`: words that stand beside the icon, and are pressed like it. */
export function Copy({ text, what, children }: { text: string; what: string; children?: ReactNode }) {
  const [said, say] = useState<"" | "copied" | "not copied">("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 1600);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      className={children ? "menu-button" : "icon-button"}
      aria-label={said || `Copy ${what}`}
      title={said || `Copy ${what}`}
      onClick={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void put_on_clipboard(text).then((done) => say(done ? "copied" : "not copied"));
      }}
    >
      {children}
      <Glyph name={said === "copied" ? "tick" : "copy"} />
    </button>
  );
}
