import { useLocation, useNavigate } from "@tanstack/react-router";
import { Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import type { RunStatus } from "../../theme/status.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { Press } from "../../ui/Press.tsx";

interface RunsShape {
  status?: RunStatus[];
  tag?: string[];
}

/** Filters the run list while one types there; elsewhere Enter goes to it. */
export function RunSearchBox() {
  const navigate = useNavigate();
  const location = useLocation();
  const listed = location.pathname === "/runs";
  const q = listed ? ((location.search as { q?: string }).q ?? "") : "";
  const [text, set_text] = useState(q);
  const field = useRef<InputRef>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    if (document.activeElement !== field.current?.input) set_text(q);
  }, [q]);

  const go = (next: string) => {
    clearTimeout(timer.current);
    void navigate({
      to: "/runs",
      search: (before) => ({ ...(listed ? (before as RunsShape) : {}), q: next.trim() || undefined }),
      replace: listed,
    });
  };
  return (
    <search className="frame-search">
      <Input
        ref={field}
        data-slash
        aria-label="Search runs"
        placeholder="Search runs"
        prefix={<Glyph name="search" size={14} />}
        suffix={text ? undefined : <Press keys="/" />}
        value={text}
        allowClear
        onChange={(event) => {
          const next = event.target.value;
          set_text(next);
          clearTimeout(timer.current);
          if (listed) timer.current = setTimeout(() => go(next), 200);
        }}
        onPressEnter={() => go(text)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (text) {
            set_text("");
            if (listed) go("");
          }
          field.current?.blur();
        }}
      />
    </search>
  );
}
