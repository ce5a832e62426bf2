// `npm run bench:networks` (--json bench/results/ADAPTER/network-steps.json): memory and time of one training step of every network, on random images. Networks run one after the other, each on a
// device of its own; the first step compiles and is reported apart.
import { writeFile } from "node:fs/promises";
import { tensor } from "../src/graph/tensor.js";
import { createDevice } from "../src/node.js";
import { summary } from "../src/models/summary.js";
import { sgd } from "../src/optim/index.js";
import { AtrousError } from "../src/runtime/errors.js";
import { crossEntropyLoss } from "../src/train/loss.js";
import { trainingStep } from "../src/train/step.js";
import { constructorOf, networks, type Network } from "../scripts/networks/catalog.js";
import { median } from "./harness.js";
import { BUSY, describeMachine, watchLoad } from "./machine.js";
import { table } from "./report.js";

const BATCH = 2;

/** One training step, as the documentation shows it. */
export interface StepFigures {
  readonly family: string;
  readonly name: string;
  readonly code: string;
  readonly size: readonly [number, number];
  readonly batch: number;
  readonly parameters: number;
  /** The most that tensors, parameters, optimizer state and working memory came to. */
  readonly peakBytes: number;
  /** Working memory of the step's plan, and the least that any placement needs. */
  readonly planBytes: number;
  readonly lowerBoundBytes: number;
  readonly firstMs: number;
  readonly stepMs: number;
  /** Share of the machine that others took meanwhile. */
  readonly others: number;
}

async function measureStep(one: Network, steps: number, wholeWidth: boolean): Promise<StepFigures> {
  await using device = await createDevice();
  const options = { ...one.options, ...(wholeWidth ? {} : one.reduced || {}) };
  using model = new one.model(options as never).to(device, { seed: 0 });
  using optimizer = sgd(model.parameters().filter(({ trainable }) => trainable), { learningRate: 1e-3, momentum: 0.9 });
  const [h, w] = one.trainingSize ?? [256, 256];
  const [pixels, classes] = [BATCH * h * w, Math.max(2, model.classes)];
  const images = [tensor(device, Uint8Array.from({ length: pixels * model.inChannels }, (_, i) => (i * 2654435761) >>> 24), [BATCH, h, w, model.inChannels])];
  const masks = [tensor(device, Uint8Array.from({ length: pixels }, (_, i) => Math.floor(i / 64) % classes), [BATCH, h, w])];
  const step = trainingStep(model, optimizer, crossEntropyLoss);
  const once = async (): Promise<number> => {
    const start = performance.now();
    using result = step(images, masks);
    const [loss] = await result.data();
    if (!Number.isFinite(loss)) throw new AtrousError(`bench: the loss of ${one.name} is ${loss}.`);
    return performance.now() - start;
  };
  const firstMs = await once();
  const load = watchLoad();
  const times: number[] = [];
  for (let i = 0; i < steps; i++) times.push(await once());
  const { slabs, lowerBound } = step.plan(images, masks).memory;
  const figures = {
    family: one.family, name: one.name, code: constructorOf({ model: one.model, options }), size: [h, w] as const, batch: BATCH, parameters: model.parameterCount(),
    peakBytes: device.memory().peak, planBytes: slabs, lowerBoundBytes: lowerBound, firstMs, stepMs: median(times), others: load().others,
  };
  step.dispose();
  [...images, ...masks].forEach((each) => each.dispose());
  return figures;
}

/** Multiply-adds of what is trained. */
function cost({ model, options, reduced, trainingSize }: Network): number {
  const made = new model({ ...options, ...reduced } as never);
  return summary(made, [1, ...(trainingSize ?? [256, 256]), made.inChannels]).macs;
}

async function adapterName(): Promise<string> {
  await using device = await createDevice();
  return device.adapter.name;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

async function main(args: readonly string[]): Promise<void> {
  const value = (flag: string): string | undefined => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  const [only, json, steps] = [value("--only"), value("--json"), Number(value("--steps") ?? 2)];
  const chosen = networks.filter(({ family, name, reduced }) => !only ? reduced !== false : `${family} ${name}`.toLowerCase().includes(only.toLowerCase()));
  const rows: StepFigures[] = [];
  const adapter = await adapterName();
  // The cheapest first, and a file after each: a run that is stopped leaves most of it.
  for (const one of chosen.sort((a, b) => cost(a) - cost(b))) {
    process.stderr.write(`${one.name} …\n`);
    rows.push(await measureStep(one, steps, args.includes("--whole-width")));
    if (json) await writeFile(json, `${JSON.stringify({ adapter, machine: describeMachine(), date: new Date().toISOString().slice(0, 10), networks: rows }, null, 1)}\n`);
  }
  console.log(`adapter: ${adapter}\nmachine: ${describeMachine()}\n`);
  console.log(table([
    ["network", "parameters", "image", "peak MiB", "plan MiB", "bound MiB", "first s", "step s"],
    ...rows.map((r) => [`${r.name}: ${r.code}`, String(r.parameters), r.size.join("×"), mebibytes(r.peakBytes), mebibytes(r.planBytes), mebibytes(r.lowerBoundBytes), (r.firstMs / 1000).toFixed(1), `${r.others > BUSY ? "~" : ""}${(r.stepMs / 1000).toFixed(2)}`]),
  ]));
}

await main(process.argv.slice(2));
