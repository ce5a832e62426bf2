import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  /** Runs it once more, in a process of its own. */
  run(...args: string[]): Promise<Ended>;
  remove(): Promise<void>;
}

/** Bundles a TypeScript program of the tests, to be run by Node as a process of its own. */
export async function program(file: string): Promise<Program> {
  // Inside the repository, so that Node finds the packages that stay outside the bundle.
  const folder = await mkdtemp(join("node_modules", ".cache-test-")).catch(() => mkdtemp(join(tmpdir(), "atrous-test-")));
  const out = join(folder, "program.mjs");
  await build({ entryPoints: [file], outfile: out, bundle: true, platform: "node", format: "esm", target: "es2022", packages: "external", logLevel: "error" });
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [out, ...args], { stdio: ["ignore", "pipe", "pipe"] });
        let [stdout, stderr] = ["", ""];
        child.stdout.on("data", (text) => (stdout += text));
        child.stderr.on("data", (text) => (stderr += text));
        child.on("error", reject);
        child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
