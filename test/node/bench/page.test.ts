import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildPage, installedForPages } from "../../../bench/page/build.js";
import { isFigures, type ResultsFile } from "../../../bench/results-file.js";
import { runPage } from "../../support/page.js";

const minutes = 60_000;
const folder = mkdtempSync(join(tmpdir(), "atrous-bench-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the benchmark's page measures ours", { timeout: 3 * minutes }, async ({ skip }) => {
  await buildPage(folder, []);
  const run = await runPage(folder, "index.html?only=add and relu&group=operators&rounds=2&start");
  if (!run) return skip("no Chromium here");
  expect(run.lines.filter((line) => line.startsWith("uncaught"))).toEqual([]);
  const { rows, peers, rounds } = run.result as ResultsFile;
  expect(rounds).toBe(2);
  expect(peers).toEqual({});
  expect(rows.map(({ name, contenders }) => [name, Object.keys(contenders)])).toEqual([["add and relu 256 @64", ["atrous"]]]);
  expect(run.text).toContain("Not installed: TF.js, jax-js, ONNX Runtime. npm run bench:peers installs them; then start npm run bench:page again.");
});

test("the benchmark's page says which peers it does not know and which are not installed", { timeout: 3 * minutes }, async ({ skip }) => {
  await buildPage(folder, []);
  const unknown = await runPage(folder, "index.html?peers=pytorch&start");
  if (!unknown) return skip("no Chromium here");
  expect(unknown.text).toContain('peers must be some of tfjs, jax, ort, or none, but has "pytorch".');
  const missing = await runPage(folder, "index.html?peers=jax&start");
  expect(missing!.text).toContain("jax-js is not installed: npm run bench:peers installs them");
});

test("the benchmark's page measures the installed peers beside ours, their results compared", { timeout: 5 * minutes }, async ({ skip }) => {
  const installed = installedForPages();
  if (installed.length === 0) {
    console.warn("The peers are not installed (npm run bench:peers): the benchmark's page was tested without them.");
    return skip("peers not installed");
  }
  await buildPage(folder, installed);
  const run = await runPage(folder, "index.html?only=add and relu&group=operators&rounds=2&start");
  if (!run) return skip("no Chromium here");
  const { rows: [row], peers } = run.result as ResultsFile;
  expect(Object.keys(peers)).toEqual(installed);
  expect(Object.keys(row!.contenders)).toEqual(["atrous", ...installed]);
  for (const name of installed) {
    expect(peers[name]!.version).toMatch(/^\d+\.\d+\.\d+/);
    const one = row!.contenders[name];
    if (!isFigures(one)) throw new Error(`${name}: ${one?.absent}`);
    expect(one.timesMs).toHaveLength(2);
    expect(one.error).toBeLessThan(1e-6);
    expect(one.ratio!.median).toBeGreaterThan(0);
  }
});
