/** Job graphs of any size, as the server would tell them. */

export interface MadeGraph {
  rules: string[];
  number: number[];
  rule: number[];
  edges: number[];
}

/** `needs`: by rule, which rules its jobs need of the same sample; a rule with one job needs all of theirs. */
export function made_graph(jobs_of: number[], needs: number[][]): MadeGraph {
  const first: number[] = [];
  let jobs = 0;
  for (const n of jobs_of) {
    first.push(jobs);
    jobs += n;
  }
  const rule: number[] = [];
  const edges: number[] = [];
  jobs_of.forEach((n, own) => {
    for (let i = 0; i < n; i++) {
      const job = (first[own] ?? 0) + i;
      rule[job] = own;
      for (const other of needs[own] ?? []) {
        const many = jobs_of[other] ?? 0;
        const from = first[other] ?? 0;
        if (n < many) for (let k = i; k < many; k += n) edges.push(from + k, job);
        else edges.push(from + (i % many), job);
      }
    }
  });
  return { rules: jobs_of.map((_, i) => `rule_${i}`), number: rule.map((_, i) => i + 1), rule, edges };
}

/** A pipeline of 60 rules: samples go through branches of it, and one job gathers them now and then. */
export function large_graph(jobs = 100_000, rules = 60): MadeGraph {
  const gathers = (rule: number) => rule % 12 === 11;
  const each = Math.floor(jobs / (rules - Math.floor(rules / 12)));
  const jobs_of = Array.from({ length: rules }, (_, rule) => (gathers(rule) ? 1 : each));
  jobs_of[0] = each + jobs - jobs_of.reduce((a, b) => a + b, 0);
  const needs = jobs_of.map((_, rule) =>
    rule === 0
      ? []
      : [...new Set([rule - 1, Math.max(0, rule - 2 - (rule % 3)), Math.max(0, rule - (rule % 9) - 1)])],
  );
  return made_graph(jobs_of, needs);
}

/** The same graph with the jobs of each rule in a mixed order: what an order has to find again. */
export function shuffled({ rules, number, rule, edges }: MadeGraph, seed = 7): MadeGraph {
  let state = seed;
  const dice = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const place = number.map((_, i) => i);
  for (let i = place.length - 1; i > 0; i--) {
    const k = dice(i + 1);
    [place[i], place[k]] = [place[k] ?? 0, place[i] ?? 0];
  }
  const mixed = new Array<number>(rule.length);
  rule.forEach((own, i) => {
    mixed[place[i] ?? 0] = own;
  });
  return { rules, number, rule: mixed, edges: edges.map((job) => place[job] ?? 0) };
}
