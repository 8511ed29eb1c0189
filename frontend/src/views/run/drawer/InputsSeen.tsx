import type { Attempt } from "../../../api/types.ts";
import { bytes, count } from "../../../ui/format.ts";

type Inputs = NonNullable<Attempt["inputs"]>;
const most = 20;

/** What is wrong with it comes first: missing, empty, not known. */
const rank = ({ exists, size }: Inputs["files"][number]) =>
  exists === false ? 0 : size === 0 ? 1 : exists == null ? 2 : 3;

/** Which inputs were there when the failure was known, and how large they were. */
export function InputsSeen({ inputs }: { inputs: Inputs }) {
  const files = [...inputs.files].sort((a, b) => rank(a) - rank(b)).slice(0, most);
  const hidden = inputs.total - files.length;
  return (
    <>
      {inputs.note && <p className="soft">{inputs.note}</p>}
      <ul className="attempt-list">
        {files.map((file) => (
          <li key={file.path}>
            <code className="cut" title={file.path}>
              {file.path}
            </code>
            {file.exists === false ? (
              <span className="bad">missing</span>
            ) : file.size === 0 ? (
              <span className="bad">empty</span>
            ) : (
              <span className="faint">{file.note ?? bytes(file.size)}</span>
            )}
          </li>
        ))}
        {hidden > 0 && <li className="soft">and {count(hidden)} more</li>}
      </ul>
    </>
  );
}
