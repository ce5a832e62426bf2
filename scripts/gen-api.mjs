// Writes docs/api: one page per section of src/index.ts and one for src/node.ts, from the types and comments of the code, and the table of dtypes.
//   node scripts/gen-api.mjs          writes
//   node scripts/gen-api.mjs --check  fails when what is there is not what would be written
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openProgram, readModule, readSections } from "./api/read.mjs";
import { page, index, slug } from "./api/write.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const folder = "docs/api";
const program = openProgram(["src/index.ts", "src/node.ts"], "tsconfig.json");
const sections = [...readSections(program, "src/index.ts"), readModule(program, "src/node.ts", "Node")];

const problems = [];
for (const { title, entries } of sections)
  for (const { name, kind, text, tags } of entries) {
    if (kind !== "type" && kind !== "interface" && !text) problems.push(`${name} (${title}) has no comment.`);
    const has = (tag) => tags.some(([t]) => t === tag);
    if (kind === "function" && /^(Operators|Losses|Metrics)$/.test(title) && !has("pytorch")) problems.push(`${name} (${title}) has no @pytorch line.`);
    if (kind === "function" && title === "Operators" && !has("onnx")) problems.push(`${name} (${title}) has no @onnx line.`);
  }

const functionsOf = (wanted) => sections.find(({ title }) => title === wanted).entries.filter(({ kind }) => kind === "function").map(({ name }) => `${wanted}/${name}`);
const table = spawnSync(process.execPath, ["scripts/run.mjs", "scripts/api/dtypes.ts", ...functionsOf("Operators"), ...functionsOf("Losses")], { encoding: "utf8" });
if (table.status !== 0) problems.push(`The table of dtypes could not be made:\n${table.stderr}`);

const pages = { "README.md": index(sections), "dtypes.md": table.stdout };
for (const section of sections) pages[`${slug(section.title)}.md`] = page(section);

if (process.argv.includes("--check")) {
  for (const [name, text] of Object.entries(pages)) {
    const path = join(folder, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) problems.push(`${path} is not what the code says. Run npm run gen:api.`);
  }
} else {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!(file in pages)) rmSync(join(folder, file));
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
