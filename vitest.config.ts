import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { chromiumLaunch } from "./test/support/chromium.js";
import type { Tier } from "./test/support/tier.js";

const tier: Tier = process.env["ATROUS_TIER"] === "full" ? "full" : "quick";
const seed = Number(process.env["ATROUS_SEED"] ?? 0);
const minute = 60_000;

const everywhere = ["test/**/*.test.ts"];
/** Tests of what only Node has: files, the command, scripts. */
const onlyNode = ["test/node/**"];
/** Real images: `npm run test:data` takes minutes, files named `*.long.test.ts` take longer still and have their own commands. */
const realData = ["test/data/**"];

const inNode: NonNullable<TestProjectInlineConfiguration["test"]> = {
  setupFiles: ["test/support/setup-node.ts"],
  globalSetup: ["test/support/global-node.ts"],
  pool: "forks",
  provide: { tier, seed, platform: "node" },
};

const projects: TestProjectInlineConfiguration[] = [
  { extends: true, test: { ...inNode, name: "node", include: everywhere, exclude: realData } },
  { extends: true, test: { ...inNode, name: "data", include: ["test/data/**/*.test.ts"], exclude: ["**/*.long.test.ts"], testTimeout: 15 * minute } },
  { extends: true, test: { ...inNode, name: "long", include: ["test/data/**/*.long.test.ts"], testTimeout: 60 * minute } },
];

const chromium = chromiumLaunch();
if (chromium)
  projects.push({
    extends: true,
    test: {
      name: "chromium",
      include: everywhere,
      exclude: [...onlyNode, ...realData],
      setupFiles: ["test/support/setup-browser.ts"],
      provide: { tier, seed, platform: "browser" },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        api: { host: "127.0.0.1" },
        instances: [{ browser: "chromium" }],
        provider: playwright({ launchOptions: chromium }),
      },
    },
  });
else console.warn("No Chromium here (neither the system's nor the npm package's, which is for Linux on x64): its tests are left out.");

export default defineConfig({
  test: {
    testTimeout: tier === "full" ? 2 * minute : minute,
    hookTimeout: minute,
    // Software adapters use every core by themselves.
    maxWorkers: 2,
    isolate: false,
    projects,
  },
});
