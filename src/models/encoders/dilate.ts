import { Conv2d } from "../../layers/conv2d.js";
import type { Module } from "../../layers/module.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import type { Encoder } from "./encoder.js";

const policies = ["torchvision", "smp", "tensorflow"] as const;

/** Whose rule decides which convolutions get which dilation; see `dilate`. */
export type DilationPolicy = (typeof policies)[number];

export interface DilateOptions {
  /** Pixels of the image per pixel of the last map: 32 (nothing changes), 16, 8, 4 or 2. Default 8. */
  outputStride?: number;
  /** Default "torchvision". */
  policy?: DilationPolicy;
  /** Factors of the dilations of the last stage, one for each of its blocks (DeepLabV3: [1, 2, 4]); policy "tensorflow" only. Default: 1 for all. */
  multiGrid?: readonly number[] | undefined;
}

/** What stands in a stage and has a stride: convolutions, and poolings that can be asked for a rate. */
export interface Strided {
  readonly stride: readonly [number, number];
  setRate(rate: { stride: number; dilation: number }): void;
}

const isStrided = (module: Module): module is Module & Strided => module instanceof Conv2d || ("setRate" in module && typeof module.setRate === "function");

/** The convolutions and poolings of a block. */
const stridedOf = (block: Module): Strided[] => [...block.modules()].flatMap(([, module]) => (isStrided(module) ? [module] : []));

/**
 * Takes the strides from the late stages of an encoder and dilates what follows instead, so that its last map is `outputStride`
 * times smaller than the image, with the same weights ("atrous" or "à trous" convolution, Chen et al. 2015). Changes the encoder
 * and returns it. The policies differ in the block that loses its stride:
 *
 * - "torchvision": it keeps the dilation from before; the blocks behind it get twice as much (`replace_stride_with_dilation`).
 * - "smp": it gets twice as much as well: one dilation per stage (`make_dilated` of segmentation_models_pytorch; MobileNetV3 of torchvision).
 * - "tensorflow": the unit with the stride keeps the dilation from before (slim's `stack_blocks_dense`). In slim's ResNets that is the last unit of
 *   the stage before, so all blocks of a ResNet's stage get twice as much. The units of the last stage may multiply it by `multiGrid`.
 *
 * The same weights give different results under different policies: take the one that they were trained with.
 *
 * @throws OptionError for options out of range, and when `multiGrid` has not one factor for each block
 */
export function dilate<E extends Encoder>(encoder: E, options: DilateOptions = {}): E {
  checkOptions("dilate", options, ["outputStride", "policy", "multiGrid"]);
  const { outputStride = 8, policy = "torchvision", multiGrid } = options;
  const stages = encoder.stages();
  if (![2, 4, 8, 16, 32].includes(outputStride)) throw new OptionError(`dilate: outputStride must be 2, 4, 8, 16 or 32 but is ${outputStride}.`);
  if (!policies.includes(policy)) throw new OptionError(`dilate: policy must be ${policies.map((name) => `"${name}"`).join(", ")} but is ${JSON.stringify(policy)}.`);
  if (multiGrid && policy !== "tensorflow") throw new OptionError(`dilate: multiGrid goes with policy "tensorflow", not "${policy}".`);
  const units = stages.at(-1)!.length;
  if (multiGrid && (multiGrid.length !== units || multiGrid.some((factor) => !Number.isInteger(factor) || factor < 1)))
    throw new OptionError(`dilate: multiGrid must hold a whole number of at least 1 for each of the ${units} blocks of the last stage but is [${multiGrid.join(", ")}].`);
  let before = 1;
  stages.forEach((blocks, stage) => {
    const takesStride = 2 ** (stage + 1) > outputStride;
    const after = takesStride ? before * 2 : before;
    let rate = policy === "smp" || (policy === "tensorflow" && encoder.slimStride === "unit before") ? after : before;
    blocks.forEach((block, i) => {
      const layers = stridedOf(block);
      const strided = layers.some(({ stride }) => Math.max(...stride) > 1);
      const grid = stage === stages.length - 1 ? (multiGrid?.[i] ?? 1) : 1;
      if (takesStride) for (const layer of layers) layer.setRate({ stride: 1, dilation: rate * grid });
      else if (grid > 1) for (const layer of layers) layer.setRate({ stride: layer.stride[0], dilation: grid });
      if (strided && takesStride) rate = after;
    });
    before = after;
  });
  return encoder;
}
