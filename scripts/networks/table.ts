// docs/networks.md as text, from the catalogue and the figures that bench/networks.ts left in bench/results.
import { constructorOf, networks, type Network } from "./catalog.js";

/** What of bench/results/<adapter>/network-steps.json the page shows. */
export interface StepResults {
  readonly adapter: string;
  readonly machine: string;
  readonly networks: readonly { readonly name: string; readonly code: string; readonly size: readonly [number, number]; readonly batch: number; readonly parameters: number; readonly peakBytes: number; readonly stepMs: number; readonly others: number }[];
}

const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const anchor = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");
const families = [...new Set(networks.map(({ family }) => family))];

const row = (n: Network): string => `| ${n.name} | \`${constructorOf(n)}\` | ${thousands(n.parameters)} | ${n.entries} | ${n.billions} at ${n.size.join("×")} | ${n.source} |`;

function figures({ adapter, machine, networks: rows }: StepResults): string {
  const order = networks.map(({ name }) => name);
  const cells = [...rows].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)).map((r) => `| ${r.name} | \`${r.code}\` | ${thousands(r.parameters)} | ${r.size.join("×")} | ${Math.round(r.peakBytes / 2 ** 20)} | ${r.others > 0.08 ? "~" : ""}${(r.stepMs / 1000).toFixed(2)} |`);
  return `## What a training step takes

Batches of ${rows[0]!.batch}, SGD with momentum, \`npm run bench:networks\` on ${adapter}, a CPU (${machine.replace(/, load.*/, "")}); where two cores
would take minutes, a narrower network than the published one, as the constructor says. Peak: parameters, optimizer state, batch and working memory. \`~\`: while others used the machine, so too long.

| network | constructor | parameters | image | peak MiB | seconds |
|---|---|--:|--:|--:|--:|
${cells.join("\n")}
`;
}

/** The whole page. */
export function networksPage(results: StepResults | undefined): string {
  return `<!-- Written by the tests (npm run gen:networks) from scripts/networks/catalog.ts and bench/results; edit those. -->
# The networks

Each is the published one: same layers, same number of parameters, same names in its weights file as the implementation it is measured against, and the same
logits from the same weights (\`test/models\`). Multiply-adds are billions, of convolutions and matrix products, as \`summary(model, shape)\` counts them
without a device; parameters are what training could change, without running statistics. How to choose one: [guide/models.md](guide/models.md).

${families.map((family) => `[${family}](#${anchor(family)})`).join(" · ")}

${families.map((family) => `## ${family}

| network | constructor | parameters | entries | multiply-adds | source of the counts |
|---|---|--:|--:|--:|---|
${networks.filter((n) => n.family === family).map(row).join("\n")}
`).join("\n")}${results ? `\n${figures(results)}` : ""}`;
}
