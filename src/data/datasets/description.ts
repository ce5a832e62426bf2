import type { ClassInfo, Colour } from "../../models/class-info.js";
import { IGNORED } from "../dataset.js";
import type { ClassTable } from "../classes.js";
import type { Split } from "../folder-layout.js";

/** What one value or colour of the published labels means. */
export interface Label {
  /** Pixel value in label files; undefined where only colours tell it. */
  readonly id?: number | undefined;
  readonly name: string;
  readonly color: Colour;
  /** Index of the class that it counts as; null where its pixels are ignored. Several labels may be one class, which the first names. */
  readonly index: number | null;
}

/** Where the files of a data set lie, below its folder. `{split}` stands for the part, other names in braces for any text without a slash. */
export interface DatasetLayout {
  /** Paths of images: "leftImg8bit/{split}/{city}/{name}_leftImg8bit.png". */
  readonly images: string;
  /**
   * Paths of the masks that belong to them; the first that exists is taken for all. "classes": pixels are class indices, 255 ignored; "ids": the
   * values of `labels`, or their colours.
   */
  readonly masks: readonly { readonly path: string; readonly coding: "ids" | "classes" }[];
  /** Names of the parts in paths. */
  readonly splits: Partial<Record<Split, string>>;
  /** A text file with the names of a part, one a line ("ImageSets/Segmentation/{split}.txt"), or (`pairs`) with the paths of image, mask, image, mask … */
  readonly list?: string | undefined;
  readonly pairs?: boolean | undefined;
  /** The set has no parts of its own with labels: its images are divided by `splitBySeed`. */
  readonly divided?: boolean | undefined;
}

/** A published data set: what its labels mean and how it lies on a disk. Plain data; the data themselves are elsewhere. */
export interface DatasetDescription {
  /** "cityscapes": the name for `openDataset` and `--dataset`. */
  readonly name: string;
  readonly title: string;
  /** Where labels and counts come from. */
  readonly source: string;
  readonly labels: readonly Label[];
  /** Images with labels in each part, as published. */
  readonly images: Partial<Record<Split, number>>;
  readonly layouts: readonly DatasetLayout[];
  /** 16-bit label files hold label · divisor + instance. */
  readonly divisor?: number | undefined;
  /** Files that the set is published as and that are not read here, by the end of their name, with what to do. */
  readonly refused?: Readonly<Record<string, string>> | undefined;
}

/** The classes that a data set is judged by. */
export function classesOf({ labels }: Pick<DatasetDescription, "labels">): ClassInfo[] {
  const count = 1 + Math.max(...labels.map(({ index }) => index ?? -1));
  return Array.from({ length: count }, (_, index) => {
    const { name, color } = labels.find((label) => label.index === index)!;
    return { name, color };
  });
}

/** Red, green and blue in one number. */
export const packed = ([red, green, blue]: Colour): number => (red << 16) | (green << 8) | blue;

/** What pixels of label files mean. Where two labels have one colour, the first of them does. */
export function tableOf(description: DatasetDescription, coding: "ids" | "classes"): ClassTable {
  const { labels, divisor } = description;
  const classes = classesOf(description);
  if (coding === "classes") return { classes, values: new Map([...classes.map((_, i) => [i, i] as const), [IGNORED, IGNORED]]) };
  const values = new Map(labels.flatMap(({ id, index }) => (id === undefined ? [] : [[id, index ?? IGNORED] as const])));
  const colors = new Map([...labels].reverse().map(({ color, index }) => [packed(color), index ?? IGNORED] as const));
  return { classes, values, colors, divisor };
}

/** Labels that count as classes in the order of the list, with ids from `first` on. */
export const listedLabels = (names: readonly string[], color: (index: number) => Colour, first = 0): Label[] =>
  names.map((name, index) => ({ id: index + first, name, color: color(index), index }));
