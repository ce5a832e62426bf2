import { stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { listImages } from "../io/files.js";
import { DataError } from "../runtime/errors.js";
import { hash32, hashText } from "./random.js";

/** The parts that data is divided into. */
export const splits = ["train", "val", "test"] as const;
export type Split = (typeof splits)[number];

/** Files of one sample. */
export interface SampleFiles {
  /** File name of the image without its extension; its mask has the same. */
  readonly stem: string;
  readonly image: string;
  readonly mask: string;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((s) => s.isDirectory(), () => false);
}

/** Image files of a folder by stem, in natural order. */
async function filesByStem(folder: string): Promise<Map<string, string>> {
  const byStem = new Map<string, string>();
  for (const file of await listImages(folder)) {
    const stem = basename(file, extname(file));
    const other = byStem.get(stem);
    if (other !== undefined)
      throw new DataError(`${folder}: ${basename(other)} and ${basename(file)} differ only in their extension, so it is open which one belongs to "${stem}".`);
    byStem.set(stem, file);
  }
  return byStem;
}

/** Pairs of a folder that holds `images` and `masks` (or `labels`), in natural order of their names. */
async function pairs(folder: string): Promise<SampleFiles[]> {
  const maskFolder = (await isFolder(join(folder, "masks"))) ? join(folder, "masks") : join(folder, "labels");
  if (!(await isFolder(maskFolder))) throw new DataError(`${folder}: there is a folder "images" but no folder "masks" or "labels" beside it.`);
  const images = await filesByStem(join(folder, "images"));
  const masks = await filesByStem(maskFolder);
  const lone = [...images.keys()].filter((stem) => !masks.has(stem));
  if (lone.length > 0) {
    const others = lone.length > 1 ? `, and ${lone.length - 1} more ${lone.length > 2 ? "images have" : "image has"} none either` : "";
    throw new DataError(`${images.get(lone[0]!)}: this image has no mask: ${maskFolder} holds no file ${lone[0]}.png${others}.`);
  }
  return [...images].map(([stem, image]) => ({ stem, image, mask: masks.get(stem)! }));
}

/**
 * Divides unsplit data: samples are ranked by a hash of the seed and their name; the first 15 % (rounded, at least one)
 * are `test`, the next 15 % `val`, the rest `train`. The same names and seed give the same split on every machine.
 */
export function splitBySeed<T extends { readonly stem: string }>(samples: readonly T[], split: Split, seed: number): T[] {
  const share = Math.max(1, Math.round(samples.length * 0.15));
  const ranks = new Map(samples.map((sample) => [sample, hash32(seed, hashText(sample.stem))]));
  const ranked = [...samples].sort((a, b) => ranks.get(a)! - ranks.get(b)! || (a.stem < b.stem ? -1 : 1));
  const chosen = new Set({ test: ranked.slice(0, share), val: ranked.slice(share, 2 * share), train: ranked.slice(2 * share) }[split]);
  return samples.filter((sample) => chosen.has(sample));
}

export interface Layout {
  /** Samples of the wanted split. */
  readonly samples: readonly SampleFiles[];
  /** Samples whose masks show what classes there are: those of training where they can be told. */
  reference(): Promise<readonly SampleFiles[]>;
  /** Says how unsplit data was divided, for printing. */
  readonly assumed?: string | undefined;
}

/** Finds the samples of `split` under `path`: in `path/<split>/images`, or in `path/images`, divided by `splitBySeed`. */
export async function findSamples(path: string, split: Split, seed: number): Promise<Layout> {
  if (!(await isFolder(path))) throw new DataError(`${path}: there is no such folder.`);
  const present: Split[] = [];
  for (const name of splits) if (await isFolder(join(path, name, "images"))) present.push(name);
  if (present.includes(split)) {
    const samples = await pairs(join(path, split));
    return { samples, reference: async () => (split === "train" || !present.includes("train") ? samples : pairs(join(path, "train"))) };
  }
  if (present.length > 0) throw new DataError(`${path}: there is no folder "${join(split, "images")}" (found: ${present.join(", ")}).`);
  if (!(await isFolder(join(path, "images"))))
    throw new DataError(`${path}: expected folders train, val and test, each with "images" and "masks" (or "labels"), or those two folders directly.`);
  const all = await pairs(path);
  if (all.length < 3) throw new DataError(`${path}: ${all.length} image${all.length > 1 ? "s" : ""} cannot be divided into train, val and test: at least 3 are needed.`);
  const sizes = splits.map((name) => `${splitBySeed(all, name, seed).length} ${name}`).join(", ");
  return {
    samples: splitBySeed(all, split, seed),
    reference: async () => all,
    assumed: `${path} has no folders train, val and test: divided its ${all.length} images by name with seed ${seed} (${sizes}).`,
  };
}
