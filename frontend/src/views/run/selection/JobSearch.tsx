import { useQuery } from "@tanstack/react-query";
import { Input, type InputRef } from "antd";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { wildcard_values_query } from "../../../api/queries.ts";
import type { RunDetail } from "../../../api/types.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { Press } from "../../../ui/Press.tsx";
import { useSelection } from "./selection.ts";
import { asked_values, type Suggestion, suggestions, token_at } from "./suggest.ts";
import { tokens, understand, words_text } from "./terms.ts";
import "./search.css";

/**
 * Plain words narrow the jobs while one types; `key:value` becomes a chip when it is chosen or entered. What was not
 * understood stays in the field, and is said.
 */
export function JobSearch({ run }: { run: RunDetail }) {
  const { id, search, set, choose } = useSelection();
  const q = search.q ?? "";
  const [text, set_text] = useState(q);
  const [caret, set_caret] = useState(q.length);
  const [listed, set_listed] = useState(false);
  const [at, set_at] = useState(-1);
  const [complained, set_complained] = useState("");
  const field = useRef<InputRef>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(q);
  const list_id = useId();
  const known = useMemo(
    () => ({ rules: run.rules.map(({ rule }) => rule), wildcards: run.wildcards }),
    [run.rules, run.wildcards],
  );

  // What the address says by itself: somebody went back, or cleared the selection.
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    set_text(q);
  }, [q]);

  const token = listed ? token_at(text, caret) : undefined;
  const asked = asked_values(token, known);
  const values = useQuery(wildcard_values_query(id, asked));
  const offered = listed ? suggestions(token, run, (asked && values.data?.items) || []) : [];
  const active = at < offered.length ? at : -1;

  const words = (next: string) => {
    clearTimeout(timer.current);
    const wanted = words_text(understand(next, known).text) ?? "";
    if (wanted === sent.current) return;
    // The first letter is a step that Back undoes; the letters after it are the same step, also where they become a key.
    const replace = sent.current !== "" && next.trim() !== "";
    sent.current = wanted;
    set({ q: wanted || undefined }, replace);
  };
  const write = (next: string, place = next.length) => {
    set_text(next);
    set_caret(place);
    set_at(-1);
    set_complained("");
  };
  /** Takes out what was understood beside plain words, and says what was not. */
  const enter = (whole: string) => {
    clearTimeout(timer.current);
    const said = understand(whole, known);
    const first = said.unclear[0];
    set_complained(first ? `${first.why[0]?.toUpperCase()}${first.why.slice(1)}.` : "");
    const left = tokens(whole)
      .filter((one) => one.key === null || said.unclear.some(({ token }) => token.start === one.start))
      .map(({ start, end }) => whole.slice(start, end))
      .join(" ");
    const wanted = words_text(said.text) ?? "";
    const fresh = said.status.length + said.rule.length + said.wildcard.length + said.id.length > 0;
    if (fresh || wanted !== sent.current) {
      const became = sent.current !== "" && wanted === ""; // what was looked for as a word on the way to this
      sent.current = wanted;
      choose(said, wanted || undefined, became);
    }
    set_text(left);
    set_caret(left.length);
    set_at(-1);
    set_listed(false);
  };
  const take = (one: Suggestion) => {
    const start = token?.start ?? caret;
    const before = text.slice(0, start);
    const after = text.slice(token?.end ?? caret);
    if (one.whole) {
      enter(`${before}${one.term} ${after}`);
    } else {
      const next = `${before}${one.term}${after}`;
      write(next, start + one.term.length);
    }
    field.current?.focus();
  };

  return (
    <div className="job-search">
      <Input
        ref={field}
        data-slash
        size="small"
        className="run-job-search"
        role="combobox"
        aria-label="Filter jobs"
        aria-autocomplete="list"
        aria-expanded={offered.length > 0}
        aria-controls={list_id}
        aria-activedescendant={active >= 0 ? `${list_id}-${active}` : undefined}
        aria-describedby={complained ? `${list_id}-said` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Filter jobs"
        prefix={<Glyph name="search" size={14} />}
        suffix={text ? undefined : <Press keys="/" />}
        allowClear
        value={text}
        onFocus={() => set_listed(true)}
        onBlur={() => set_listed(false)}
        onClick={() => set_listed(true)}
        onSelect={(event) => set_caret(event.currentTarget.selectionStart ?? text.length)}
        onChange={(event) => {
          const next = event.target.value;
          write(next, event.target.selectionStart ?? next.length);
          set_listed(true);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => words(next), next ? 200 : 0);
        }}
        onKeyDown={(event) => {
          const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (move !== undefined) {
            event.preventDefault();
            if (!listed) set_listed(true);
            else if (offered.length > 0) {
              const next = active + move;
              set_at(next < -1 ? offered.length - 1 : next >= offered.length ? -1 : next);
            }
          } else if (event.key === "Enter") {
            event.preventDefault();
            const one = offered[active];
            if (one) take(one);
            else enter(text);
          } else if (event.key === "Tab" && !event.shiftKey && token && offered.length > 0) {
            const one = offered[Math.max(active, 0)];
            if (!one) return;
            event.preventDefault();
            take(one);
          } else if (event.key === "Escape") {
            event.stopPropagation();
            if (offered.length > 0 && text) set_listed(false);
            else {
              write("");
              words("");
              field.current?.blur();
            }
          }
        }}
      />
      {(offered.length > 0 || complained) && (
        <div className="search-sheet">
          {complained && (
            <p className="search-said" role="status" id={`${list_id}-said`}>
              {complained}
            </p>
          )}
          <div role="listbox" id={list_id} aria-label="Suggestions">
            {offered.map((one, i) => (
              <div
                key={one.term}
                id={`${list_id}-${i}`}
                role="option"
                tabIndex={-1}
                aria-selected={i === active}
                aria-label={one.detail ? `${one.term}, ${one.detail}` : one.term}
                // Before the field loses the focus.
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(one);
                }}
              >
                <span className="cut">
                  <span className="faint">{one.key}:</span>
                  {one.value}
                </span>
                <span className="faint search-detail">{one.detail}</span>
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
