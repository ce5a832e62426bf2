// A process of its own: milliseconds from its start to the first result of a network, and the most bytes its GPU buffers came to,
// printed as one line of JSON. Arguments: who (atrous or a peer), what (forward or step). Each loads only its own library.
import type { PeerName } from "./contender.js";
import type { UNetSpec } from "./spec.js";

export interface ColdRun {
  /** Modules loaded. */
  readonly loaded: number;
  /** Device there. */
  readonly device: number;
  /** Captured, planned, every pipeline compiled; undefined where a library compiles while it runs. */
  readonly compiled?: number;
  /** First result read back. */
  readonly first: number;
  /** Of its GPU buffers, over three runs; undefined where the device is hidden. */
  readonly peakBytes?: number;
}

const [, , who, what] = process.argv as [string, string, "atrous" | PeerName, "forward" | "step"];
const [batch, size] = what === "step" ? [4, 128] as const : [1, 256] as const;

async function ours(): Promise<ColdRun> {
  const { coldUNet } = await import("./cold-unet.js");
  return coldUNet(what === "step", batch, size);
}

async function theirs(name: PeerName): Promise<ColdRun> {
  const [{ openPeers }, { unetInputs, unetShape }, { countBuffers }] = await Promise.all([import("./peers/load.js"), import("./unet-inputs.js"), import("./count-buffers.js")]);
  const inputs = unetInputs(batch, size);
  const loaded = performance.now();
  let peak: (() => number) | undefined;
  const [contender] = await openPeers([name], (device) => (peak = countBuffers(device)));
  const device = performance.now();
  const spec: UNetSpec = { kind: "unet", levels: unetShape.widths.length, what: what === "step" ? "step" : "logits", learningRate: 1e-4 };
  const runner = await contender!.prepare(spec, inputs);
  if ("absent" in runner) throw new Error(runner.absent);
  if (what === "forward") await runner.result();
  else await runner.run();
  await runner.idle();
  const first = performance.now();
  for (let i = 0; i < 2; i++) await runner.run();
  await runner.idle();
  return { loaded, device, first, ...(peak && { peakBytes: peak() }) };
}

console.log(JSON.stringify(await (who === "atrous" ? ours() : theirs(who))));
process.exit();
