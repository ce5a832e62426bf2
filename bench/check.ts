// The benchmark's cases as a test that needs no test runner: each is compared with its slow reference, operators also with every
// kernel variant that can be forced. `node scripts/run.mjs bench/check.ts [NAME …]`; exit code 1 when one is wrong.
import { createDevice } from "../src/node.js";
import { benchCases } from "./cases.js";

/** Names that kernels know; one that does not know a name chooses for itself. */
const variants = [undefined, "clear", "direct", "tiled", "serial", "group", "sorted"];

const only = process.argv.slice(2);
await using device = await createDevice();
console.log(`adapter: ${device.adapter.name}`);
const kind = device.adapter.software ? "software" : "gpu";
let [right, wrong] = [0, 0];
for (const one of benchCases) {
  if ((one.where ?? kind) !== kind || (only.length > 0 && !only.some((part) => one.name.includes(part)))) continue;
  // A variant that chooses the same kernels is the same plan, and is not run again.
  const seen = new Set<string>();
  for (const variant of one.group === "operators" ? variants : [undefined]) {
    const name = `${one.name}${variant === undefined ? "" : ` (${variant})`}`;
    device.forceVariant(variant);
    try {
      const prepared = await one.prepare(device);
      device.forceVariant(undefined);
      const kernels = JSON.stringify(prepared.plan?.lowered.calls.map(({ shader, entry, constants }) => [shader.name, entry, constants]));
      if (!seen.has(kernels)) {
        seen.add(kernels);
        console.log(`right  ${name}: ${(await prepared.check()).toExponential(1)}`);
        right++;
      }
      prepared.dispose();
    } catch (error) {
      console.log(`WRONG  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      wrong++;
    }
    device.forceVariant(undefined);
  }
}
console.log(`${right} right, ${wrong} wrong`);
if (wrong > 0 || right === 0) process.exitCode = 1;
