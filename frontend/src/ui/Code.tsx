import { Copy } from "./Copy.tsx";
import "./code.css";

interface Props {
  text: string;
  what: string; // in words, for the copy button and for those who do not see it
  first?: number | null; // number of the first line; without one there are no numbers
}

/** Code as it was written: monospace, with the numbers that its lines have in their file. */
export function Code({ text, what, first }: Props) {
  const lines = text.replace(/\n$/, "").split("\n");
  const digits = first == null ? 0 : String(first + lines.length - 1).length;
  return (
    <div className="code">
      <section className="code-lines" aria-label={what} tabIndex={0}>
        <pre>
          {first == null
            ? text
            : lines.map((line, at) => (
                <span key={at}>
                  <i style={{ minWidth: `${digits}ch` }} aria-hidden="true">
                    {first + at}
                  </i>
                  {line || " "}
                  {"\n"}
                </span>
              ))}
        </pre>
      </section>
      <Copy text={text} what={what} />
    </div>
  );
}
