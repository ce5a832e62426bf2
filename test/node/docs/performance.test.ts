import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readResults } from "../../../bench/html-report-data.js";
import { performancePage } from "../../../scripts/performance/page.js";

const path = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));

test("docs/performance.md is what bench/results say (npm run gen:performance writes it)", () => {
  const text = performancePage(readResults(path("bench/results")));
  if (process.env["ATROUS_WRITE_DOCS"]) writeFileSync(path("docs/performance.md"), text);
  expect(readFileSync(path("docs/performance.md"), "utf8")).toBe(text);
});
