import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { constructorOf, networks } from "../../../scripts/networks/catalog.js";
import { networksPage, type StepResults } from "../../../scripts/networks/table.js";
import { architectureNames, createModel } from "../../../src/models/create.js";
import { summary } from "../../../src/models/summary.js";

const path = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const page = path("docs/networks.md");
const results = path("bench/results/lavapipe/network-steps.json");

describe("published networks", () => {
  test.each(networks.map((network) => [constructorOf(network), network] as const))("%s", (_, { model, options, parameters, entries, size, billions }) => {
    const made = new model(options as never);
    expect(made.parameterCount(), "parameters").toBe(parameters);
    expect([...made.namedVariables()], "entries of the state dict").toHaveLength(entries);
    const { macs, output } = summary(made, [1, ...size, made.inChannels]);
    expect((macs / 1e9).toFixed(billions.split(".")[1]?.length ?? 0), "billions of multiply-adds").toBe(billions);
    expect(output.at(-1)).toBe(made.classes);
    // Weights files carry the architecture's name and the options.
    expect(architectureNames).toContain(made.architecture);
    const again = createModel({ architecture: made.architecture, options: JSON.parse(JSON.stringify(made.options)) as object });
    expect([...again.namedVariables()].map(([name, { shape }]) => [name, shape])).toEqual([...made.namedVariables()].map(([name, { shape }]) => [name, shape]));
  });

  test("every architecture is in the catalogue", () => {
    // "multi-scale" runs another one at several sizes.
    expect([...new Set(networks.map(({ model, options }) => new model(options as never).architecture))].sort()).toEqual(architectureNames.filter((name) => name !== "multi-scale").sort());
  });

  test("docs/networks.md is what the catalogue says (npm run gen:networks writes it)", () => {
    const text = networksPage(existsSync(results) ? (JSON.parse(readFileSync(results, "utf8")) as StepResults) : undefined);
    if (process.env["ATROUS_WRITE_DOCS"]) writeFileSync(page, text);
    expect(readFileSync(page, "utf8")).toBe(text);
  });
});
