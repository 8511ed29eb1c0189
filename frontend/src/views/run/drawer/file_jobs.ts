import type { JobDetail, JobLink } from "../../../api/types.ts";

export interface Input {
  path: string;
  maker: JobLink | undefined;
}

export interface Inputs {
  /** The rule that makes them; undefined: made by no job of the run, or not known by which. */
  rule: string | undefined;
  files: Input[];
}

/** The inputs with their makers, by the makers' rule: what comes from outside the run is last. */
export function inputs_by_rule(job: JobDetail): Inputs[] {
  const makers = new Map<number, JobLink>();
  for (const one of job.made_by?.jobs ?? []) for (const file of one.files) makers.set(file, one.job);
  const groups = new Map<string | undefined, Input[]>();
  job.inputs.forEach((path, place) => {
    const maker = makers.get(place);
    const group = groups.get(maker?.rule);
    if (group) group.push({ path, maker });
    else groups.set(maker?.rule, [{ path, maker }]);
  });
  return [...groups]
    .map(([rule, files]) => ({ rule, files }))
    .sort((a, b) => Number(a.rule === undefined) - Number(b.rule === undefined));
}

/** The jobs that use a file that this one makes, by its place among outputs, logs and benchmark; `many`: all of them. */
export function users_of(job: JobDetail, place: number): { jobs: JobLink[]; many: number } {
  const jobs = (job.used_by?.jobs ?? []).filter((one) => one.files.includes(place)).map((one) => one.job);
  return { jobs, many: job.used_by?.users[place] ?? jobs.length };
}
