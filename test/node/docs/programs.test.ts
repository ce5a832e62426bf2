import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { bundled, pageOf, programsOf, root } from "../../support/documents.js";
import { runPage } from "../../support/page.js";

const minutes = 60_000;
const documents = ["README.md", ...["docs/guide", "docs/how-to"].flatMap((folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".md")).map((name) => `${folder}/${name}`))];

/** Runs a program in a process of its own, in a new folder; resolves with its output when it ends by itself. */
function run(program: string, cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], { cwd, timeout: 3 * minutes });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

describe.each(documents)("the code of %s runs", (document) => {
  const programs = programsOf(document);

  test.runIf(programs.node)("in Node", { timeout: 3 * minutes }, async () => {
    const cwd = mkdtempSync(join(tmpdir(), "atrous-document-"));
    const program = await bundled(programs.node!, "node");
    const { code, output } = await run(program, cwd);
    rmSync(dirname(program), { recursive: true });
    rmSync(cwd, { recursive: true });
    expect(output).not.toMatch(/Error/);
    expect(code, output).toBe(0);
  });

  test.runIf(programs.browser)("in Chromium", { timeout: 3 * minutes }, async ({ skip }) => {
    const folder = dirname(await bundled(programs.browser!, "browser"));
    pageOf(folder);
    const run = await runPage(folder, "index.html");
    rmSync(folder, { recursive: true });
    if (!run) return skip("There is no Chromium here.");
    expect(run.lines.filter((line) => /uncaught|Error/.test(line))).toEqual([]);
    expect(run.result).toBe("done");
  });
});
