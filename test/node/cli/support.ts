import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Runs the command as a user would, without a terminal. `until` is told what was printed and may send a signal. */
export function atrous(args: readonly string[], { until, env = {} }: { until?: (out: string, kill: (signal: NodeJS.Signals) => void) => void; env?: Record<string, string> } = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["scripts/run.mjs", "src/cli/index.ts", ...args], { env: { ...process.env, NODE_OPTIONS: "", ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const ran: Ran = { code: null, signal: null, out: "", err: "" };
    child.stdout.on("data", (data: Buffer) => {
      ran.out += data.toString();
      until?.(ran.out, (signal) => void child.kill(signal));
    });
    child.stderr.on("data", (data: Buffer) => (ran.err += data.toString()));
    child.on("error", reject);
    // Dawn says on stderr which limits it lowers on lavapipe.
    child.on("close", (code, signal) => resolve({ ...ran, code, signal, err: ran.err.replace(/^Warning: max\w+ artificially reduced.*\n/gm, "") }));
  });
}

/** A folder that lasts as long as the test. */
export async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "atrous-cli-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
