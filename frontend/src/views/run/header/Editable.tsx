import { useRef } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { OneLine, useDraft } from "./OneLine.tsx";
import { changed_tags, tags_in, usePatch } from "./patch.ts";

export function NameField({ run }: { run: RunDetail }) {
  const button = useRef<HTMLButtonElement>(null);
  const { draft, begin, leave, refused } = useDraft(button);
  const patch = usePatch(run.id);
  const name = patch.isPending ? (patch.variables.name ?? run.name) : run.name;
  const done = (base: string, text: string | null, by_key: boolean) => {
    leave(by_key);
    // By what it was when one began: whoever changed nothing does not undo what another changed meanwhile.
    if (text && text !== base) patch.mutate({ name: text }, { onError: () => refused(base, text) });
    else patch.reset();
  };
  return (
    <span className="run-title">
      {draft ? (
        <OneLine
          draft={draft}
          label="Name of the run"
          max={200}
          on_done={(text, by_key) => done(draft.base, text, by_key)}
        />
      ) : (
        <h1 className="cut" title={name}>
          {name}
        </h1>
      )}
      {!draft && run.may_edit && (
        <button
          ref={button}
          type="button"
          className="icon-button"
          aria-label="Rename"
          title="Rename"
          onClick={() => begin(name)}
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

const most_tags = 4;

export function TagField({ run }: { run: RunDetail }) {
  const button = useRef<HTMLButtonElement>(null);
  const { draft, begin, leave, refused } = useDraft(button);
  const patch = usePatch(run.id);
  const tags = patch.isPending ? (patch.variables.tags ?? run.tags) : run.tags;
  const done = (base: string, text: string | null, by_key: boolean) => {
    leave(by_key);
    const [before, next] = [tags_in(base), tags_in(text ?? base)];
    const now = changed_tags(run.tags, before, next);
    if (now.join() !== run.tags.join()) {
      patch.mutate({ tags: now }, { onError: () => refused(base, text ?? base) });
    } else patch.reset();
  };
  if (!run.may_edit && tags.length === 0) return null;
  // All of them, or so many that there is room for how many more there are.
  const shown = tags.length > most_tags ? tags.slice(0, most_tags - 1) : tags;
  return (
    <span className="run-tags">
      {draft ? (
        <OneLine
          draft={draft}
          label="Tags, with spaces between them"
          max={2000}
          on_done={(text, by_key) => done(draft.base, text, by_key)}
        />
      ) : (
        shown.map((tag) => (
          <span className="chip" key={tag} title={`#${tag}`}>
            <span className="cut">#{tag}</span>
          </span>
        ))
      )}
      {!draft && tags.length > shown.length && (
        <span
          className="chip run-tags-more"
          title={tags
            .slice(shown.length)
            .map((tag) => `#${tag}`)
            .join(" ")}
        >
          {count(tags.length - shown.length)} more
        </span>
      )}
      {!draft && run.may_edit && (
        <button
          ref={button}
          type="button"
          className={tags.length > 0 ? "icon-button" : "menu-button faint"}
          aria-label="Change tags"
          title="Change tags"
          onClick={() => begin(tags.join(" "))}
        >
          <Glyph name="tag" size={14} />
          {tags.length === 0 && <span className="cut">add tags</span>}
        </button>
      )}
      {patch.error && (
        <span className="bad cut" role="alert" title={patch.error.message}>
          Not tagged: {patch.error.message}
        </span>
      )}
    </span>
  );
}
