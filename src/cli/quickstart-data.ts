import { join } from "node:path";
import type { Dataset, Sample } from "../data/dataset.js";
import { openFolder } from "../data/folder.js";
import { splits, type Split } from "../data/folder-layout.js";
import { SyntheticMicroscopy } from "../data/synthetic.js";
import { encodePng } from "../io/decode.js";
import { ensureDir, writeAtomically } from "../io/files.js";

/** The three parts of the data, and what frees them. */
export interface QuickstartData extends Record<Split, Dataset> {
  /** What the images are, in words. */
  readonly description: string;
  readonly assumed: readonly string[];
  close(): Promise<void>;
}

/** Images of the synthetic set, by part, and their height and width. */
const SIZES = { train: 64, val: 8, test: 16, side: 128 };

/** A folder of real images. */
export async function realData(path: string): Promise<QuickstartData> {
  const [train, val, test] = await Promise.all(splits.map((split) => openFolder(path, { split })));
  return {
    train: train!, val: val!, test: test!,
    description: `${train!.length} training images of ${path}`,
    assumed: train!.assumed,
    close: async () => void (await Promise.all([train, val, test].map((part) => part!.close()))),
  };
}

/** Made-up pictures of nuclei, also written as PNG files under `folder` in the layout that `atrous train` takes. */
export async function syntheticData(folder: string, seed: number, sizes: Record<Split | "side", number> = SIZES): Promise<QuickstartData> {
  const [train, val, test] = splits.map((split, i) => new SyntheticMicroscopy({ length: sizes[split], size: [sizes.side, sizes.side], seed: 3 * seed + i }));
  const parts = { train: train!, val: val!, test: test! };
  await Promise.all(splits.map((split) => writeSamples(join(folder, split), parts[split])));
  const classes = parts.train.classes;
  await writeAtomically(join(folder, "classes.json"), `${JSON.stringify({ classes: classes.map(({ name }) => name), palette: classes.map(({ color }) => color), values: { 0: 0, 255: 1 } }, null, 2)}\n`);
  return { ...parts, description: `${sizes.train} synthetic microscope images of ${sizes.side}×${sizes.side}, two stainings, seed ${seed}`, assumed: [], close: async () => undefined };
}

async function writeSamples(folder: string, dataset: SyntheticMicroscopy): Promise<void> {
  await Promise.all(["images", "masks"].map((name) => ensureDir(join(folder, name))));
  await Promise.all(Array.from({ length: dataset.length }, (_, i) => writeSample(folder, dataset.get(i))));
}

async function writeSample(folder: string, { name, width, height, image, mask }: Sample): Promise<void> {
  await writeAtomically(join(folder, "images", `${name}.png`), encodePng({ width, height, channels: 3, data: Uint8Array.from(image) }));
  await writeAtomically(join(folder, "masks", `${name}.png`), encodePng({ width, height, channels: 1, data: mask!.map((label) => (label === 1 ? 255 : 0)) }));
}
