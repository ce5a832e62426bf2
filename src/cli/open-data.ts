import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../data/datasets/open.js";
import { openFolder, type FolderDataset, type FolderOptions } from "../data/folder.js";
import type { Split } from "../data/folder-layout.js";

/** Opens a part of a folder of images and masks, or of a published data set where its name is given. */
export function openData(path: string, dataset: string | null | undefined, options: FolderOptions): Promise<FolderDataset> {
  return dataset ? openDataset(dataset, path, options) : openFolder(path, options);
}

/** Whether there are images of `split`; folders without train, val and test are divided, and published data sets say so themselves. */
export function hasSplit(path: string, dataset: string | null | undefined, split: Split): boolean {
  return Boolean(dataset) || !existsSync(join(path, "train", "images")) || existsSync(join(path, split, "images"));
}
