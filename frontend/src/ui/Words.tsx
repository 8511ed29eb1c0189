/** A command over several lines: its options are not broken at their hyphens, which would read as others. */
export function Words({ text }: { text: string }) {
  return text.split(/( +)/).map((word, at) =>
    /^--?\w[\w-]*$/.test(word) ? (
      <span key={at} className="unbroken">
        {word}
      </span>
    ) : (
      word
    ),
  );
}
