/** The key that leads somewhere, for the eye: the help tells it to all. */
export function Press({ keys }: { keys: string }) {
  return (
    <span aria-hidden="true">
      <kbd>{keys}</kbd>
    </span>
  );
}
