import { Random, hashText } from "../src/data/random.js";
import { compile, type Compiled } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import type { SegmentationModel } from "../src/models/segmentation-model.js";
import { summary } from "../src/models/summary.js";
import { argmax } from "../src/ops/argmax.js";
import { cast } from "../src/ops/cast.js";
import type { Device } from "../src/runtime/device.js";
import { AtrousError } from "../src/runtime/errors.js";
import { sizeOf, type Shape } from "../src/runtime/shape.js";
import type { Case } from "./harness.js";
import { compare } from "./operator.js";

/** A whole network: seconds per run on a CPU, so the same network has a case for GPUs and one of a smaller image for software adapters. */
export interface NetworkCase extends Case {
  readonly slow: true;
  /** The kind of adapter it is for; undefined: both. */
  readonly where: "gpu" | "software" | undefined;
}

/** A network with the sizes that it is timed and checked at. */
export interface NetworkSpec {
  readonly name: string;
  readonly make: () => SegmentationModel;
  /** Height and width on a GPU, and on a software adapter, where it is left out without the latter. */
  readonly size: readonly [height: number, width: number];
  readonly reduced?: readonly [height: number, width: number];
  readonly batch?: number;
  /** What is compared with the clear kernels: a smaller image, and a narrower network where the published one is beyond them. */
  readonly checkSize: readonly [height: number, width: number];
  readonly narrow?: () => SegmentationModel;
}

export interface ForwardSpec extends NetworkSpec {
  /** What comes out: class numbers of the image's size, u8, or logits, f32. */
  readonly result: "class map" | "logits";
}

/** Elements of a result that are compared, besides the first and the last. */
const SAMPLES = 256;

export const bytesOf = (name: string, shape: Shape, below = 256): Uint8Array => {
  const random = new Random(hashText(name));
  return Uint8Array.from({ length: sizeOf(shape) }, () => random.bits() % below);
};

/** Puts a network on the device; weights that start at zero get numbers, else nothing would come out. */
export async function onDevice<M extends SegmentationModel>(model: M, device: Device): Promise<M> {
  model.to(device, { seed: 0 });
  for (const [name, variable] of model.namedVariables()) {
    if (variable.shape.length !== 4 || (await variable.data()).some((v) => v !== 0)) continue;
    const random = new Random(hashText(name));
    const bound = 1 / Math.sqrt(sizeOf(variable.shape.slice(1)));
    variable.write(Float32Array.from({ length: variable.size }, () => bound * (random.bits() / 2 ** 31 - 1)) as never);
  }
  return model;
}

/** Compiles with the slow kernels that say what the fast ones mean. */
export async function prepareClear<A extends unknown[], R>(device: Device, compiled: Compiled<A, R>, ...args: A): Promise<void> {
  device.forceVariant("clear");
  try {
    await compiled.prepare(...args);
  } finally {
    device.forceVariant(undefined);
  }
}

/** The network's logits against those of the clear kernels; the largest error. */
async function checkLogits(device: Device, { name, narrow, checkSize }: NetworkSpec, timed: SegmentationModel): Promise<number> {
  const model = narrow ? (await onDevice(narrow(), device)).eval() as SegmentationModel : timed;
  const shape = [1, ...checkSize, model.inChannels];
  using image = tensor(device, bytesOf(name, shape), shape);
  const logits = async (clear: boolean): Promise<Float32Array> => {
    const forward = compile(function check(x: Tensor) {
      return model.forward(x);
    });
    if (clear) await prepareClear(device, forward, image);
    using out = forward(image);
    const data = await out.data();
    forward.dispose();
    return data;
  };
  const [got, want] = [await logits(false), await logits(true)];
  if (model !== timed) model.dispose();
  const step = Math.max(1, Math.floor(want.length / SAMPLES));
  const pairs = [...new Set([...Array.from({ length: Math.floor(want.length / step) }, (_, i) => i * step), want.length - 1])].map((i) => ({ got: got[i]!, want: want[i]! }));
  if (pairs.every((pair) => pair.want === pairs[0]!.want)) throw new AtrousError(`${name}: all logits are ${pairs[0]!.want}, which proves nothing.`);
  return compare(name, pairs, 1e-4);
}

/** What is timed gives finite numbers that are not all one and, where nothing random is in it, the same in two runs. */
export async function checkResult(name: string, run: () => Tensor, repeatable = true): Promise<void> {
  const read = async (): Promise<ArrayLike<number>> => {
    using out = run();
    return (await out.data()) as ArrayLike<number>;
  };
  const [first, second] = [await read(), await read()];
  let different = false;
  for (let i = 0; i < first.length; i++) {
    if (!Number.isFinite(first[i])) throw new AtrousError(`${name}: element ${i} of the result is ${first[i]}.`);
    if (repeatable && first[i] !== second[i]) throw new AtrousError(`${name}: two runs differ, ${first[i]} and ${second[i]} at element ${i}.`);
    different ||= first[i] !== first[0];
  }
  if (!different) throw new AtrousError(`${name}: the whole result is ${first[0]}.`);
}

export const sizeName = ([height, width]: readonly [number, number]): string => `${width}x${height}`;

/** The cases of one network: of the published size, and of a smaller image; one for both where they are the same. */
export function bySize(spec: NetworkSpec, make: (size: readonly [number, number], suffix: string) => Case): NetworkCase[] {
  const { size, reduced } = spec;
  const same = size.join() === reduced?.join();
  // Assigned to, not copied: the operations are counted when they are asked for.
  return [
    Object.assign(make(size, ""), { slow: true, where: same ? undefined : "gpu" } as const),
    ...(same || !reduced ? [] : [Object.assign(make(reduced, " (reduced)"), { slow: true, where: "software" } as const)]),
  ];
}

/** Inference of one network. */
export function forwardCase(spec: ForwardSpec, size: readonly [number, number], suffix: string): Case {
  const { batch = 1, result } = spec;
  const name = `${spec.name} ${sizeName(size)} to ${result === "logits" ? "logits" : "classes"}${suffix}`;
  const shape = [batch, ...size, 3];
  const count = "2 per multiply-add of the convolutions";
  // Counting captures the network, which a list of names need not pay for.
  let flops: number | undefined;
  return {
    name, group: "networks", count,
    get flops() {
      return (flops ??= 2 * summary(spec.make(), shape).macs);
    },
    prepare: async (device) => {
      const model = (await onDevice(spec.make(), device)).eval() as SegmentationModel;
      const image = tensor(device, bytesOf(name, shape), shape);
      const forward = compile(function forward(x: Tensor): Tensor {
        const logits = model.forward(x);
        return result === "logits" ? logits : cast(argmax(logits), "u8");
      });
      const plan = await forward.prepare(image);
      return {
        plan,
        run: () => forward(image).dispose(),
        check: async () => {
          const error = await checkLogits(device, spec, model);
          await checkResult(name, () => forward(image));
          return error;
        },
        dispose: () => {
          forward.dispose();
          model.dispose();
          image.dispose();
        },
      };
    },
  };
}

