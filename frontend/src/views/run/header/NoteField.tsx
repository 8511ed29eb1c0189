import { useEffect, useRef, useState } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { type Draft, escape_leaves } from "./OneLine.tsx";
import { usePatch } from "./patch.ts";

const place = (id: string) => `flowo.note.${id}`;

/** What was typed before the page was loaded anew: a server that came back, or a sign-in that had ended, does that. */
function kept(id: string): Draft | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(place(id)) ?? "null") as Partial<Draft> | null;
    return typeof found?.base === "string" && typeof found.text === "string" ? (found as Draft) : null;
  } catch {
    return null;
  }
}

function keep(id: string, draft: Draft | null) {
  try {
    if (draft) sessionStorage.setItem(place(id), JSON.stringify(draft));
    else sessionStorage.removeItem(place(id));
  } catch {
    // For as long as the page stands, then.
  }
}

/** The note, in a sheet of its own. What was typed is kept until it is saved or given up: notes may be long. */
export function NoteField({ run }: { run: RunDetail }) {
  const [open, set_open] = useState(false);
  const [draft, set_draft] = useState<Draft>(() => kept(run.id) ?? { base: run.note, text: run.note });
  const field = useRef<HTMLTextAreaElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const patch = usePatch(run.id);
  const { note } = run;
  const typed = draft.text.trim() !== draft.base.trim();
  const other = typed && note !== draft.base;
  useEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  // Whoever typed nothing sees what another wrote.
  useEffect(() => {
    if (!typed && note !== draft.base) set_draft({ base: note, text: note });
  }, [typed, note, draft.base]);
  useEffect(() => keep(run.id, typed ? draft : null), [run.id, typed, draft]);
  const close = () => {
    set_open(false);
    patch.reset();
    button.current?.focus();
  };
  const give_up = () => {
    set_draft({ base: note, text: note });
    close();
  };
  const save = () => {
    const text = draft.text.trim();
    if (!typed || text === note) give_up();
    else
      patch.mutate(
        { note: text },
        {
          onSuccess: () => {
            set_draft({ base: text, text });
            close();
          },
        },
      );
  };
  if (!run.may_edit && !note) return null;
  return (
    <span className="run-note">
      <button
        ref={button}
        type="button"
        className={`menu-button${note ? "" : " faint"}`}
        aria-expanded={open}
        title={note || "Add a note"}
        aria-label={note || typed ? undefined : "Add a note"}
        onClick={() => (open ? close() : set_open(true))}
      >
        <Glyph name="edit" size={14} />
        <span className="cut">
          {typed && !open ? "note, not saved" : note ? note.split("\n")[0] : "add a note"}
        </span>
      </button>
      {open && (
        <span className="run-note-sheet">
          <textarea
            ref={field}
            aria-label="Note"
            value={draft.text}
            rows={6}
            maxLength={20_000}
            readOnly={!run.may_edit || patch.isPending}
            onChange={(event) => set_draft({ ...draft, text: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
              escape_leaves(close)(event);
            }}
          />
          {other && (
            <span className="run-note-other" role="alert">
              Somebody changed it meanwhile. It now reads: <q>{note || "nothing"}</q>
            </span>
          )}
          {patch.error && (
            <span className="bad" role="alert">
              Not saved: {patch.error.message}
            </span>
          )}
          <span className="run-note-actions">
            {run.may_edit && (
              <button
                type="button"
                className="link-button"
                disabled={patch.isPending}
                title="Save (Ctrl Enter)"
                onClick={save}
              >
                {patch.isPending ? "Saving …" : other ? "Save mine in its place" : "Save"}
              </button>
            )}
            {typed && (
              <button type="button" className="link-button" onClick={give_up}>
                {other ? "Keep theirs" : "Discard"}
              </button>
            )}
            <button type="button" className="link-button" onClick={close}>
              Close
            </button>
          </span>
        </span>
      )}
    </span>
  );
}
