import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { naturalOrder } from "../../io/files.js";
import { DataError } from "../../runtime/errors.js";
import { splitBySeed, splits, type SampleFiles, type Split } from "../folder-layout.js";
import type { DatasetDescription, DatasetLayout } from "./description.js";

/** The files of a part of a data set, and how its masks are coded. */
export interface FoundFiles {
  readonly samples: readonly SampleFiles[];
  readonly coding: "ids" | "classes";
  /** Says how images were divided, for printing. */
  readonly assumed?: string | undefined;
}

/** What the names in braces of a path stand for. */
type Names = Readonly<Record<string, string>>;

const escaped = (text: string): string => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
const filled = (pattern: string, names: Names): string => pattern.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
const imageName = /\.(png|jpe?g)$/i;

/** Names of what a folder holds, in natural order; none where there is no such folder. */
async function entries(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith(".")).sort(naturalOrder);
}

/** Paths below `folder` that fit a pattern, with what its names stand for. */
async function matching(folder: string, pattern: string, names: Names = {}): Promise<{ path: string; names: Names }[]> {
  const [first, ...rest] = pattern.split("/").filter((part) => part !== "");
  if (first === undefined) return [{ path: folder, names }];
  if (!first.includes("{")) return existsSync(join(folder, first)) ? matching(join(folder, first), rest.join("/"), names) : [];
  const shape = new RegExp(`^${escaped(first).replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`);
  const found = (await entries(folder)).flatMap((name) => {
    const match = shape.exec(name);
    return match && (rest.length > 0 || imageName.test(name)) ? [{ name, names: { ...names, ...match.groups } }] : [];
  });
  return (await Promise.all(found.map(({ name, names: more }) => matching(join(folder, name), rest.join("/"), more)))).flat();
}

/** Images and masks that a list of pairs of paths names: the last two parts of each path count, what stands before is the author's disk. */
function pairsOf(text: string, base: string, file: string): SampleFiles[] {
  const paths = text.split(/\s+/).filter((part) => part !== "");
  if (paths.length === 0 || paths.length % 2 !== 0) throw new DataError(`${file}: expected paths of images and masks in turn, but there are ${paths.length}.`);
  const here = (path: string): string => join(base, ...path.split("/").slice(-2));
  return Array.from({ length: paths.length / 2 }, (_, i) => {
    const [image, mask] = [paths[2 * i]!, paths[2 * i + 1]!];
    return { stem: basename(image).replace(/\.\w+$/, ""), image: here(image), mask: here(mask) };
  });
}

/** The image paths of a layout: those of the list, where there is one, or all that fit. */
async function imagesOf(path: string, layout: DatasetLayout, split: string): Promise<{ path: string; names: Names }[]> {
  const pattern = filled(layout.images, { split });
  if (layout.list === undefined || layout.pairs) return matching(path, pattern, { split });
  const file = join(path, filled(layout.list, { split }));
  if (!existsSync(file)) return [];
  const lines = (await readFile(file, "utf8")).split(/\r?\n/).map((line) => line.trim().split(/\s+/)[0]!).filter((first) => first !== "");
  const names = lines.map((first) => basename(first).replace(/\.\w+$/, ""));
  return names.map((name) => ({ path: join(path, filled(pattern, { name })), names: { split, name } }));
}

/** Images with the first kind of mask that the first of them has. */
function paired(title: string, path: string, layout: DatasetLayout, images: readonly { path: string; names: Names }[]): Pick<FoundFiles, "samples" | "coding"> {
  const maskOf = (pattern: string, names: Names): string => join(path, filled(pattern, names));
  const kind = layout.masks.find((mask) => existsSync(maskOf(mask.path, images[0]!.names)));
  if (!kind) {
    const expected = layout.masks.map((mask) => filled(mask.path, images[0]!.names)).join(" or ");
    throw new DataError(`${images[0]!.path}: this image has no mask. ${title} has it as ${expected}.`);
  }
  const samples = images.map(({ path: image, names }) => ({ stem: names["name"]!, image, mask: maskOf(kind.path, names) }));
  requireFiles(samples);
  return { samples, coding: kind.coding };
}

function requireFiles(samples: readonly SampleFiles[]): void {
  for (const { image, mask } of samples) {
    if (!existsSync(image)) throw new DataError(`${image}: the list names this image, but there is no such file.`);
    if (!existsSync(mask)) throw new DataError(`${image}: this image has no mask: there is no ${mask}.`);
  }
}

/** Throws for files of a kind that is known but not read, up to `depth` folders below `path`. */
async function refuse(refused: Readonly<Record<string, string>>, path: string, depth = 3): Promise<void> {
  const inside = await readdir(path, { withFileTypes: true });
  const names = inside.map(({ name }) => name);
  for (const [end, why] of Object.entries(refused)) {
    const found = names.find((name) => name.endsWith(end));
    if (found !== undefined) throw new DataError(`${join(path, found)}: ${why}`);
  }
  if (depth > 0) for (const each of inside) if (each.isDirectory()) await refuse(refused, join(path, each.name), depth - 1);
}

function divide(path: string, samples: readonly SampleFiles[], split: Split, seed: number): SampleFiles[] {
  const { length } = samples;
  if (length < 3) throw new DataError(`${path}: ${length} image${length > 1 ? "s" : ""} cannot be divided into train, val and test: at least 3 are needed.`);
  return splitBySeed(samples, split, seed);
}

function divisionOf(title: string, samples: readonly SampleFiles[], seed: number): string {
  const sizes = splits.map((name) => `${splitBySeed(samples, name, seed).length} ${name}`).join(", ");
  return `${title} has no division of its own here: divided its ${samples.length} images by name with seed ${seed} (${sizes}).`;
}

/** Finds images and masks of a part of a data set below `path`, in the first of its layouts that is there. */
export async function findFiles(description: DatasetDescription, path: string, split: Split, seed: number): Promise<FoundFiles> {
  const { title, layouts } = description;
  if (!(await stat(path).then((s) => s.isDirectory(), () => false))) throw new DataError(`${path}: there is no such folder.`);
  for (const layout of layouts) {
    const part = layout.splits[split];
    if (part === undefined) continue;
    const list = layout.pairs && layout.list !== undefined ? join(path, filled(layout.list, { split: part })) : undefined;
    if (list !== undefined && existsSync(list)) {
      const samples = pairsOf(await readFile(list, "utf8"), join(list, ".."), list);
      requireFiles(samples);
      return { samples, coding: "ids" };
    }
    const images = await imagesOf(path, layout, part);
    if (images.length === 0) continue;
    const { samples, coding } = paired(title, path, layout, images);
    if (!layout.divided) return { samples, coding };
    return { samples: divide(path, samples, split, seed), coding, assumed: divisionOf(title, samples, seed) };
  }
  if (description.refused) await refuse(description.refused, path);
  if (layouts.every((layout) => layout.splits[split] === undefined))
    throw new DataError(`${title} has no part "${split}" with published labels (it has ${Object.keys(layouts[0]!.splits).join(" and ")}).`);
  const expected = filled(layouts[0]!.images, { split: layouts[0]!.splits[split] ?? split });
  throw new DataError(`${path} does not hold ${title}: there are no images as ${expected}.`);
}
