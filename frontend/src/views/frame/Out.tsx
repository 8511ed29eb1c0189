import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button } from "antd";
import { Said } from "../../ui/Said.tsx";

export function NotFound() {
  return (
    <Said title="There is nothing at this address" actions={<Link to="/runs">All runs</Link>}>
      <p>The run may have been deleted, or it is in a workspace that you cannot see.</p>
    </Said>
  );
}

export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <Said
      alert
      title="This page broke"
      actions={
        <>
          <Button onClick={reset}>Try again</Button>
          <Button onClick={() => window.location.reload()}>Load the page anew</Button>
        </>
      }
    >
      <p>
        The runs themselves are not touched. What the page said:{" "}
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </p>
    </Said>
  );
}

export function Waiting() {
  return <div aria-busy="true" />;
}
