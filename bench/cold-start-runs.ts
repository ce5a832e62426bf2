import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ColdRun } from "./cold-start.js";
import type { PeerName } from "./contender.js";
import { median, quantile } from "./harness.js";
import type { Figures, Row } from "./results-file.js";

const program = fileURLToPath(new URL("cold-start.js", import.meta.url));
const networks = ["forward", "step"] as const;
type Network = (typeof networks)[number];
type Who = "atrous" | PeerName;

/** Cold rounds cost minutes on a CPU. */
const MOST_ROUNDS = 3;

/** One process; its driver keeps compiled shaders in `cache` (Mesa's and NVIDIA's do; others keep theirs elsewhere, or none). */
async function once(who: Who, what: Network, cache: string): Promise<ColdRun> {
  const env = { ...process.env, MESA_SHADER_CACHE_DIR: cache, __GL_SHADER_DISK_CACHE_PATH: cache };
  const { stdout } = await promisify(execFile)(process.execPath, [program, who, what], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as ColdRun;
}

/** What a peer cannot do is not tried; ONNX Runtime cannot train. */
const whoRuns = (what: Network, peers: readonly PeerName[]): Who[] => ["atrous", ...peers.filter((name) => what === "forward" || name !== "ort")];

const failed = (error: unknown): { absent: string } => {
  const text = (error as { stderr?: string }).stderr || String(error);
  return { absent: (text.split("\n").find((line) => /Error/.test(line)) ?? text).trim().slice(0, 200) };
};

function figuresOf(runs: readonly ColdRun[], ours: readonly ColdRun[] | undefined): Figures {
  const times = runs.map(({ first }) => first);
  const ratios = ours?.map(({ first }, round) => times[round]! / first);
  const middle = (key: "loaded" | "device" | "compiled"): number => median(runs.map((run) => run[key] ?? NaN));
  return {
    medianMs: median(times), quartilesMs: [quantile(times, 0.25), quantile(times, 0.75)], timesMs: times,
    steps: { loaded: middle("loaded"), device: middle("device"), ...(runs[0]!.compiled !== undefined && { compiled: middle("compiled") }) },
    ...(ratios && { ratio: { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) } }),
  };
}

/**
 * Milliseconds from the start of a fresh process to the first result, of ours and the peers by turns: each with an empty
 * shader cache of its own, and at once again with what that run left in it.
 */
export async function coldRows(peers: readonly PeerName[], rounds: number, progress: (what: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const what of networks) {
    const runs = { empty: new Map<Who, ColdRun[]>(), filled: new Map<Who, ColdRun[]>() };
    const absent = new Map<Who, { absent: string }>();
    if (what === "step" && peers.includes("ort")) absent.set("ort", { absent: "ONNX Runtime's WebGPU backend does not train" });
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++)
      for (const who of whoRuns(what, peers)) {
        if (absent.has(who)) continue;
        progress(`cold start of ${who}, unet ${what}, round ${round + 1}`);
        const cache = await mkdtemp(join(tmpdir(), "atrous-cold-"));
        try {
          for (const state of ["empty", "filled"] as const) {
            const run = await once(who, what, cache);
            runs[state].set(who, [...(runs[state].get(who) ?? []), run]);
          }
        } catch (error) {
          if (who === "atrous") throw error;
          absent.set(who, failed(error));
        } finally {
          await rm(cache, { recursive: true, force: true });
        }
      }
    for (const state of ["empty", "filled"] as const) {
      const contenders: Record<string, Figures | { absent: string }> = {};
      for (const [who, own] of runs[state]) if (!absent.has(who)) contenders[who] = figuresOf(own, who === "atrous" ? undefined : runs[state].get("atrous"));
      rows.push({ group: "cold", name: `cold unet ${what}, ${state} shader cache`, flops: 0, flopsCount: "", bytes: 0, contenders: { ...contenders, ...Object.fromEntries(absent) } });
    }
  }
  return rows;
}

/** The most bytes that GPU buffers came to over three runs, of ours and of the peers whose device can be watched. */
export async function memoryRows(peers: readonly PeerName[], progress: (what: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  const cache = await mkdtemp(join(tmpdir(), "atrous-memory-"));
  for (const what of networks) {
    const contenders: Record<string, Figures | { absent: string }> = {};
    let ours = NaN;
    for (const who of ["atrous", ...peers] as const) {
      if (who === "ort") {
        contenders[who] = { absent: "its GPU device is inside a native library" };
        continue;
      }
      progress(`memory of ${who}, unet ${what}`);
      try {
        const bytes = (await once(who, what, cache)).peakBytes!;
        if (who === "atrous") ours = bytes;
        const ratio = bytes / ours;
        contenders[who] = { bytes, ...(who !== "atrous" && { ratio: { median: ratio, low: ratio, high: ratio } }) };
      } catch (error) {
        if (who === "atrous") throw error;
        contenders[who] = failed(error);
      }
    }
    const name = what === "step" ? "unet training step 128x128 batch 4" : "unet forward 256x256 batch 1";
    rows.push({ group: "memory", name: `peak GPU bytes, ${name}`, flops: 0, flopsCount: "", bytes: ours, contenders });
  }
  await rm(cache, { recursive: true, force: true });
  return rows;
}
