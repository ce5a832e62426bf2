// node scripts/run.mjs scripts/bundle-remote/shapes.ts FILE: what other programs need to know of the benchmark's cases to run the same, as JSON.
import { writeFileSync } from "node:fs";
import { benchCases } from "../../bench/cases.js";

const cases = benchCases.filter(({ where }) => where !== "software")
  .map(({ name, group, flops, count, bytes = 0, spec, shapes }) => ({ name, group, flops, flopsCount: count, bytes, ...(spec && { spec }), ...(shapes && { shapes }) }));
writeFileSync(process.argv[2]!, `${JSON.stringify(cases, null, 1)}\n`);
