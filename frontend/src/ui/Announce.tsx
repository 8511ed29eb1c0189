import { useEffect, useState } from "react";

/** A polite live region that waits until a text has held for a while: it tells outcomes, not each step. */
export function Announce({ text, after_ms = 1200 }: { text: string; after_ms?: number }) {
  const [told, tell] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => tell(text), after_ms);
    return () => clearTimeout(timer);
  }, [text, after_ms]);
  return (
    <div className="hidden-text" role="status" aria-live="polite">
      {told}
    </div>
  );
}
