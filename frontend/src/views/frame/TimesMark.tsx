import { useRef } from "react";
import { Announce } from "../../ui/Announce.tsx";
import { form_words, next_time_form, type TimeForm, useTimeForm } from "../../ui/zone.ts";

/** How times are told, where that is not the usual way: a clock in UTC looks like any other. */
export function TimesMark() {
  const form = useTimeForm();
  const found = useRef<TimeForm | null>(form); // what a page opens with is no news
  if (found.current !== form) found.current = null;
  const word = form === "utc" ? "UTC" : form_words[form].toLowerCase();
  return (
    <>
      {form !== "fit" && (
        <button
          type="button"
          className="live-mark times-mark"
          title={`Times: ${word}. Another form: t`}
          onClick={next_time_form}
        >
          <span className="hidden-text">Times: </span>
          {word}
        </button>
      )}
      <Announce text={found.current ? "" : `Times: ${word}`} after_ms={300} />
    </>
  );
}
