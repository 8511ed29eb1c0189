import { Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { count } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";

interface Asked {
  find: string;
  on_find: (find: string | undefined) => void;
  /** Null where nothing was found in what is loaded, and more is to come. */
  found: number | null;
  hit: number;
  go_to: (at: number) => void;
  /** Whether `/` leads here. */
  slash?: boolean;
}

export function LogFind({ find, on_find, found, hit, go_to, slash = false }: Asked) {
  const [text, set_text] = useState(find);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <span className="log-find">
      <Input
        data-slash={slash || undefined}
        size="small"
        aria-label="Search the log"
        placeholder="Search the log"
        prefix={<Glyph name="search" size={14} />}
        allowClear
        value={text}
        onChange={(event) => {
          const next = event.target.value;
          set_text(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => on_find(next.trim() || undefined), 200);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") go_to(hit + (event.shiftKey ? -1 : 1));
          if (event.key === "Escape") {
            event.stopPropagation();
            event.currentTarget.blur();
          }
        }}
      />
      {find && (
        <>
          <span className="soft" role="status">
            {found === null
              ? "not found so far"
              : found === 0
                ? "not found"
                : `${count(hit + 1)} of ${count(found)}`}
          </span>
          <button
            type="button"
            className="icon-button"
            aria-label="Hit before"
            disabled={!found}
            onClick={() => go_to(hit - 1)}
          >
            <Glyph name="up" size={14} />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Next hit"
            disabled={!found}
            onClick={() => go_to(hit + 1)}
          >
            <Glyph name="down" size={14} />
          </button>
        </>
      )}
    </span>
  );
}
