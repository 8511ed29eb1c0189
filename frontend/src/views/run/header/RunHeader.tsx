import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../../../api/types.ts";
import { look_of } from "../../../theme/status.ts";
import { Copy } from "../../../ui/Copy.tsx";
import { CountsBar } from "../../../ui/CountsBar.tsx";
import { base_name, command_line } from "../../../ui/format.ts";
import { Glyph } from "../../../ui/Glyph.tsx";
import { StatusIcon } from "../../../ui/StatusIcon.tsx";
import { NameField, TagField } from "./Editable.tsx";
import { Figures } from "./Figures.tsx";
import { NoteField } from "./NoteField.tsx";
import { NotifyButton } from "./NotifyButton.tsx";
import { RunMenu } from "./RunMenu.tsx";
import { SiblingRuns } from "./SiblingRuns.tsx";
import "./header.css";

function git_text(git: NonNullable<RunDetail["git"]>): string {
  const at = git.commit?.slice(0, 7);
  return [git.branch, at].filter(Boolean).join("@") + (git.dirty ? "*" : "");
}

export function RunHeader({ run }: { run: RunDetail }) {
  const command = command_line(run.command);
  const git = run.git && git_text(run.git);
  return (
    <header className="run-head">
      <div className="run-head-line">
        <Link to="/runs" className="icon-button" aria-label="All runs" title="All runs">
          <Glyph name="left" />
        </Link>
        <StatusIcon status={run.status} size={18} turning={run.status === "running"} />
        <NameField run={run} />
        <span className="run-head-word" style={{ color: `var(--status-${run.status})` }}>
          {look_of(run.status).word}
        </span>
        {run.dry_run && (
          <span className="chip" title="The jobs that would run; none did.">
            dry run
          </span>
        )}
        {run.imported && <span className="chip">imported</span>}
        <Figures run={run} />
        <span className="run-head-actions">
          <NotifyButton run={run} />
          <RunMenu run={run} />
        </span>
      </div>
      <div className="run-head-line second">
        {command && (
          <span className="run-head-command">
            <code className="cut" title={command}>
              {command}
            </code>
            <Copy text={command} what="command" />
          </span>
        )}
        <span className="run-head-facts cut">
          <span title="Host">{run.host}</span>
          <span title="User">{run.user}</span>
          <span className="mono" title={run.directory}>
            {run.directory.length > 44 ? `…/${base_name(run.directory)}` : run.directory}
          </span>
          {git && (
            <span className="mono" title={run.git?.dirty ? "With changes that are not committed" : undefined}>
              {git}
            </span>
          )}
        </span>
        <span className="run-head-people">
          <TagField run={run} />
          <NoteField run={run} />
        </span>
        <SiblingRuns run={run} />
      </div>
      {run.jobs.total > 0 && <CountsBar counts={run.jobs} height={4} />}
    </header>
  );
}
