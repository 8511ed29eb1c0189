import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { Fragment } from "react";
import { rule_query } from "../../../api/queries.ts";
import type { RuleDetail, RuleSource } from "../../../api/types.ts";
import { Code } from "../../../ui/Code.tsx";
import { Copy } from "../../../ui/Copy.tsx";
import { Bone, Said } from "../../../ui/Said.tsx";

const roles: Record<string, string> = {
  rule: "Rule",
  base: "Made from",
  script: "Script",
  notebook: "Notebook",
  wrapper: "Wrapper",
  template: "Template",
  cwl: "CWL",
  conda: "Conda environment",
};

const in_snakefile = (part: RuleSource) => part.role === "rule" || part.role === "base";

function Part({ part }: { part: RuleSource }) {
  const word = roles[part.role] ?? part.role;
  const place = part.line ? `${part.path}:${part.line}` : part.path;
  return (
    <>
      <h3>{word}</h3>
      {place && (
        <p className="code-place">
          <code className="cut" title={place}>
            {place}
          </code>
          <Copy text={place} what="place" />
        </p>
      )}
      {part.text != null && (
        <Code
          text={part.text}
          what={word.toLowerCase()}
          first={in_snakefile(part) ? part.line : part.role === "notebook" ? null : 1}
        />
      )}
      {part.note && <p className="soft">{sentence(part.note)}</p>}
    </>
  );
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The code of the job's rule, as it was written when the run began. */
export function JobCode({ run_id, rule }: { run_id: string; rule: string }) {
  const query = useQuery(rule_query(run_id, rule));
  if (query.error && !query.data) {
    return (
      <Said
        alert
        title="The code could not be loaded"
        actions={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        <p>{query.error.message}</p>
      </Said>
    );
  }
  return query.data ? <Parts rule={query.data} /> : <Bone width={320} />;
}

function Parts({ rule }: { rule: RuleDetail }) {
  const environment = [
    ["Container", rule.container],
    ["Conda environment", rule.conda],
    ["Modules", rule.modules.join(", ")],
  ].filter(([, value]) => value);
  if (rule.sources.length === 0 && !rule.command && environment.length === 0) {
    return <p className="soft">The code of this rule was not recorded.</p>;
  }
  return (
    <>
      {rule.sources.map((part) => (
        <Part key={`${part.role} ${part.path} ${part.line}`} part={part} />
      ))}
      {rule.command && (
        <>
          <h3>Command as written</h3>
          <Code text={rule.command} what="command" />
        </>
      )}
      {environment.length > 0 && (
        <dl className="facts">
          {environment.map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </Fragment>
          ))}
        </dl>
      )}
    </>
  );
}
