import { datasetOf, type Dataset, type Sample } from "../../src/data/dataset.js";
import { Random } from "../../src/data/random.js";
import { UNet, type UNetOptions } from "../../src/models/unet.js";
import type { TrainerOptions } from "../../src/train/options.js";
import { testDevice } from "../support/device.js";

const classes = [{ name: "dark", color: [0, 0, 0] as const }, { name: "bright", color: [255, 255, 255] as const }];

/** Noise with bright squares, which are class 1. */
export function squares(length: number, seed: number, [height, width] = [16, 16] as readonly [number, number]): Dataset {
  return datasetOf(Array.from({ length }, (_, index): Sample => {
    const random = new Random(seed, index);
    const [top, left, side] = [random.int(height - 6), random.int(width - 6), 4 + random.int(4)];
    const image = Uint8Array.from({ length: width * height * 3 }, () => random.int(120));
    const mask = new Uint8Array(width * height);
    for (let y = top; y < Math.min(height, top + side); y++)
      for (let x = left; x < Math.min(width, left + side); x++) {
        mask[y * width + x] = 1;
        for (let c = 0; c < 3; c++) image[(y * width + x) * 3 + c] = 150 + random.int(100);
      }
    return { name: `square-${index}`, image, mask, width, height };
  }), classes);
}

export async function smallUNet(options: Partial<UNetOptions> = {}): Promise<UNet> {
  return new UNet({ inChannels: 3, classes: 2, widths: [4, 8], ...options }).to(await testDevice(), { seed: 1 });
}

/** A run that takes a moment. */
export const smallRun = { dataset: squares(8, 1), validation: squares(3, 2), steps: 6, batchSize: 2, size: 16, learningRate: 0.01, validateEvery: 3, seed: 5 } as const satisfies Omit<TrainerOptions, "model">;

/** All parameters and statistics in one array. */
export async function weights(model: UNet): Promise<number[]> {
  const all: number[] = [];
  for (const [, variable] of model.namedVariables()) all.push(...(await variable.data()));
  return all;
}

/** What tensors hold, without what belongs to plans. */
export { heldMemory as memory } from "../support/device.js";
