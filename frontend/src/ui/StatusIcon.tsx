import { look_of } from "../theme/status.ts";
import "./status.css";

/** The shape and colour of a status. Where no word stands beside it, `titled` says it. */
export function StatusIcon({
  status,
  size = 16,
  titled = false,
  turning = false,
}: {
  status: string;
  size?: number;
  titled?: boolean;
  turning?: boolean;
}) {
  const { glyph, word } = look_of(status);
  return (
    <svg
      className={`status-icon${turning ? " turning" : ""}`}
      style={{ color: `var(--status-${status}, var(--text-faint))` }}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      role={titled ? "img" : undefined}
      aria-label={titled ? word : undefined}
      aria-hidden={!titled}
    >
      {titled ? <title>{word}</title> : null}
      {glyph.faint && (
        <path
          d={glyph.faint}
          opacity={glyph.dash ? 1 : 0.28}
          strokeDasharray={glyph.dash}
          strokeWidth="1.4"
        />
      )}
      <path d={glyph.path} strokeDasharray={glyph.faint ? undefined : glyph.dash} />
    </svg>
  );
}

export function StatusWord({ status, turning }: { status: string; turning?: boolean }) {
  return (
    <span className="status-word">
      <StatusIcon status={status} turning={turning} />
      {look_of(status).word}
    </span>
  );
}
