import { useEffect, useRef, useState } from "react";
import type { RunDetail } from "../../../api/types.ts";
import { Announce } from "../../../ui/Announce.tsx";
import { put_on_clipboard } from "../../../ui/Copy.tsx";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Menu } from "../../../ui/Menu.tsx";
import { DeleteRun } from "./DeleteRun.tsx";

const shown_ms = 1600;

/** What one does with a run rarely. */
export function RunMenu({ run }: { run: RunDetail }) {
  const [deleting, set_deleting] = useState(false);
  const [said, say] = useState<{ text: string; done: boolean } | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!said?.done) return; // that it was not copied stays to be read
    const timer = setTimeout(() => say(null), shown_ms);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (text: string, what: string) =>
    void put_on_clipboard(text).then((done) =>
      say({ text: done ? `${what} copied` : `${what} not copied: the browser does not allow it`, done }),
    );
  return (
    <>
      {said && !said.done && <span className="bad run-head-said">{said.text}</span>}
      <Menu
        menu={{
          items: [
            { key: "id", label: "Copy id", extra: <code>…{run.id.slice(-8)}</code> },
            { key: "link", label: "Copy link" },
            ...(run.may_edit
              ? [{ type: "divider" as const }, { key: "delete", label: "Delete…", danger: true }]
              : []),
          ],
          onClick: ({ key }) => {
            if (key === "id") copy(run.id, "Id");
            if (key === "link") copy(new URL(`runs/${run.id}`, document.baseURI).href, "Link");
            if (key === "delete") set_deleting(true);
          },
        }}
      >
        <button
          ref={button}
          type="button"
          className="icon-button"
          aria-label="More about this run"
          title={said?.text ?? "More"}
        >
          <Glyph name={said?.done ? "tick" : "more"} />
        </button>
      </Menu>
      <Announce text={said?.text ?? ""} after_ms={0} />
      {deleting && (
        <DeleteRun
          run={run}
          on_close={() => {
            set_deleting(false);
            button.current?.focus(); // the menu that led here is gone
          }}
        />
      )}
    </>
  );
}
