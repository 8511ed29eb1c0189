import { Input, type InputRef } from "antd";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";

export const escape_leaves = (leave: () => void) => (event: KeyboardEvent) => {
  if (event.key === "Escape") {
    event.stopPropagation();
    leave();
  }
};

/** A text that is being changed: what it was when that began, and what was typed so far. */
export interface Draft {
  base: string;
  text: string;
}

/** A line of text in place of what it changes. It ends once: by Enter, Escape (null), or by going elsewhere. */
export function OneLine({
  draft,
  label,
  max,
  on_done,
}: {
  draft: Draft;
  label: string;
  max: number;
  on_done: (text: string | null, by_key: boolean) => void;
}) {
  const field = useRef<InputRef>(null);
  const ended = useRef(false);
  const [text, set_text] = useState(draft.text);
  // A click asked for it; after a refusal it comes back by itself, and whoever types elsewhere by then goes on there.
  const again = useRef(draft.text !== draft.base);
  useEffect(() => {
    if (document.activeElement?.closest("input, textarea, dialog")) return;
    field.current?.focus({ cursor: again.current ? "end" : "all" });
  }, []);
  const done = (told: string | null, by_key: boolean) => {
    if (ended.current) return;
    ended.current = true;
    on_done(told, by_key);
  };
  return (
    <Input
      ref={field}
      size="small"
      className="run-edit"
      aria-label={label}
      maxLength={max}
      value={text}
      onChange={(event) => set_text(event.target.value)}
      onPressEnter={(event) => {
        event.preventDefault(); // or the button that gets the focus would hear it, and begin again
        done(text.trim(), true);
      }}
      onBlur={() => done(text.trim(), false)}
      onKeyDown={escape_leaves(() => done(null, true))}
    />
  );
}

/**
 * A draft of one line, and the button that begins it: the focus goes back there from a field that was left by a key. What
 * was refused is not lost, but stands in the field again.
 */
export function useDraft(button: RefObject<HTMLButtonElement | null>) {
  const [draft, set_draft] = useState<Draft | null>(null);
  const back = useRef(false);
  useEffect(() => {
    if (draft || !back.current) return;
    back.current = false;
    button.current?.focus();
  }, [draft, button]);
  return {
    draft,
    begin: (base: string) => set_draft({ base, text: base }),
    leave: (by_key: boolean) => {
      back.current = by_key;
      set_draft(null);
    },
    refused: (base: string, text: string) => set_draft((held) => held ?? { base, text }),
  };
}
