import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Input, type InputRef } from "antd";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { patch_run } from "../../../api/actions.ts";
import { keys } from "../../../api/queries.ts";
import type { RunDetail, RunPatch } from "../../../api/types.ts";
import { Glyph } from "../../../ui/Glyph.tsx";

function usePatch(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (patch: RunPatch) => patch_run(id, patch),
    onSuccess: (run) => {
      cache.setQueryData(keys.detail(id), run);
      void cache.invalidateQueries({ queryKey: keys.runs });
    },
  });
}

const escape_leaves = (leave: () => void) => (event: KeyboardEvent) => {
  if (event.key === "Escape") {
    event.stopPropagation();
    leave();
  }
};

/** A field that takes the focus when it appears, since a click asked for it. */
function useFocus() {
  const field = useRef<InputRef>(null);
  useEffect(() => field.current?.focus({ cursor: "all" }), []);
  return field;
}

function OneLine({
  value,
  label,
  max,
  on_done,
}: {
  value: string;
  label: string;
  max: number;
  on_done: (text: string | null) => void;
}) {
  const field = useFocus();
  const [text, set_text] = useState(value);
  return (
    <Input
      ref={field}
      size="small"
      className="run-edit"
      aria-label={label}
      maxLength={max}
      value={text}
      onChange={(event) => set_text(event.target.value)}
      onPressEnter={() => on_done(text.trim())}
      onBlur={() => on_done(text.trim())}
      onKeyDown={escape_leaves(() => on_done(null))}
    />
  );
}

export function NameField({ run }: { run: RunDetail }) {
  const [editing, edit] = useState(false);
  const patch = usePatch(run.id);
  const name = patch.isPending ? (patch.variables.name ?? run.name) : run.name;
  if (editing) {
    return (
      <OneLine
        value={name}
        label="Name of the run"
        max={200}
        on_done={(text) => {
          edit(false);
          if (text && text !== run.name) patch.mutate({ name: text });
        }}
      />
    );
  }
  return (
    <span className="run-title">
      <h1 className="cut" title={name}>
        {name}
      </h1>
      {run.may_edit && (
        <button
          type="button"
          className="icon-button"
          aria-label="Rename"
          title="Rename"
          onClick={() => edit(true)}
        >
          <Glyph name="edit" size={14} />
        </button>
      )}
      {patch.error && (
        <span className="bad" role="alert">
          Not renamed: {patch.error.message}
        </span>
      )}
    </span>
  );
}

export function TagField({ run }: { run: RunDetail }) {
  const [editing, edit] = useState(false);
  const patch = usePatch(run.id);
  const tags = patch.isPending ? (patch.variables.tags ?? run.tags) : run.tags;
  const done = (text: string | null) => {
    edit(false);
    if (text === null) return;
    const next = [...new Set(text.split(/[\s,#]+/).filter(Boolean))];
    if (next.join() !== run.tags.join()) patch.mutate({ tags: next });
  };
  if (editing) {
    return <OneLine value={tags.join(" ")} label="Tags, with spaces between them" max={500} on_done={done} />;
  }
  if (!run.may_edit && tags.length === 0) return null;
  const chips = tags.map((tag) => (
    <span className="chip" key={tag}>
      <span className="cut">#{tag}</span>
    </span>
  ));
  return (
    <span className="run-tags">
      {chips}
      {run.may_edit && (
        <button
          type="button"
          className={tags.length > 0 ? "icon-button" : "menu-button faint"}
          aria-label="Change tags"
          title="Change tags"
          onClick={() => edit(true)}
        >
          <Glyph name="tag" size={14} />
          {tags.length === 0 && <span className="cut">add tags</span>}
        </button>
      )}
      {patch.error && (
        <span className="bad" role="alert">
          {patch.error.message}
        </span>
      )}
    </span>
  );
}

export function NoteField({ run }: { run: RunDetail }) {
  const [editing, edit] = useState(false);
  const [text, set_text] = useState(run.note);
  const field = useRef<HTMLTextAreaElement>(null);
  const patch = usePatch(run.id);
  const note = patch.isPending ? (patch.variables.note ?? run.note) : run.note;
  useEffect(() => {
    if (editing) field.current?.focus();
  }, [editing]);
  const done = (save: boolean) => {
    edit(false);
    if (save && text.trim() !== run.note) patch.mutate({ note: text.trim() });
  };
  if (!run.may_edit && !note) return null;
  return (
    <span className="run-note">
      <button
        type="button"
        className={`menu-button${note ? "" : " faint"}`}
        aria-expanded={editing}
        title={note || "Add a note"}
        aria-label={note ? undefined : "Add a note"}
        onClick={() => {
          set_text(note);
          edit(!editing);
        }}
      >
        <Glyph name="edit" size={14} />
        <span className="cut">{note ? note.split("\n")[0] : "add a note"}</span>
      </button>
      {editing && (
        <span className="run-note-sheet">
          <textarea
            ref={field}
            aria-label="Note"
            value={text}
            rows={6}
            maxLength={20_000}
            readOnly={!run.may_edit}
            onChange={(event) => set_text(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) done(true);
              escape_leaves(() => done(false))(event);
            }}
          />
          <span className="run-note-actions">
            {run.may_edit && (
              <button type="button" className="link-button" onClick={() => done(true)}>
                Save
              </button>
            )}
            <button type="button" className="link-button" onClick={() => done(false)}>
              Close
            </button>
          </span>
        </span>
      )}
      {patch.error && (
        <span className="bad" role="alert">
          {patch.error.message}
        </span>
      )}
    </span>
  );
}
