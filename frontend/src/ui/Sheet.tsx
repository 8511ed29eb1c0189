import { type ReactNode, useEffect, useRef } from "react";
import { Glyph } from "./Glyph.tsx";

/** A modal sheet: the browser's own dialog keeps focus inside and answers Escape. */
export function Sheet({
  title,
  on_close,
  children,
}: {
  title: string;
  on_close: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-label={title}
      onClose={on_close}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === dialog.current) on_close();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={on_close}>
          <Glyph name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
