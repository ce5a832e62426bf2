import { statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { connectedComponents } from "../io/components.js";
import { decodeImage, encodePalettePng, encodePng } from "../io/decode.js";
import { ensureDir, listImages, readBytes, writeAtomically } from "../io/files.js";
import { toRgb8 } from "../io/image.js";
import { overlay } from "../io/overlay.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { AtrousError, FileError, OptionError } from "../runtime/errors.js";
import { defineCommand, flag, number, text, type Given } from "./args.js";
import { openWeights } from "./open-weights.js";
import { predictAny, type AnyPrediction } from "./predict-any.js";
import { withDevice } from "./session.js";
import { openTerminal, plural, type Terminal } from "./terminal.js";

const options = {
  weights: text("FILE", "what atrous train wrote (weights.safetensors)", "w"),
  out: text("DIR", "where results go (out/segment)", "o"),
  overlay: flag("also write the image with the classes painted over it"),
  probabilities: flag("also write the probability of every class, as 16-bit gray PNG"),
  threshold: number("P", "two classes: the second one where its probability is above this (0.5)", { min: 0, max: 1 }),
  json: flag("print what was found as JSON, and nothing else, on standard output"),
};

/** What is printed for one image. */
interface Found {
  readonly image: string;
  readonly width: number;
  readonly height: number;
  /** Files that were written. */
  readonly mask: string;
  readonly overlay?: string;
  readonly probabilities?: Readonly<Record<string, string>>;
  /** Pixels, their share, and (not for the background) connected regions of each class. */
  readonly classes: readonly { name: string; pixels: number; share: number; regions?: number }[];
}

/** The images that were named: files, and what lies in folders. */
async function imagesOf(operands: readonly string[]): Promise<string[]> {
  const found = await Promise.all(operands.map(async (operand) => {
    const stats = statSync(operand, { throwIfNoEntry: false });
    if (!stats) throw new FileError(`${operand} could not be read: there is no such file or folder.`);
    return stats.isDirectory() ? listImages(operand) : [operand];
  }));
  return [...new Set(found.flat())];
}

/** A name for the results of each image: its own without extension, numbered where several have the same. */
function resultNames(images: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(images.map((image) => {
    const stem = basename(image, extname(image));
    let name = stem;
    for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
    taken.add(name);
    return [image, name];
  }));
}

function classesOf({ classes: map, width, height }: AnyPrediction, model: SegmentationModel): Found["classes"] {
  const counts = model.classInfo.map(() => 0);
  for (let i = 0; i < map.length; i++) counts[map[i]!]!++;
  return model.classInfo.map(({ name }, label) => {
    const entry = { name, pixels: counts[label]!, share: Number((counts[label]! / map.length).toFixed(6)) };
    if (label === 0) return entry;
    const mask = { width, height, data: Uint8Array.from(map, (each) => (each === label ? 1 : 0)) };
    return { ...entry, regions: connectedComponents(mask).count };
  });
}

/** Probabilities 0 … 1 of one class as 16-bit gray. */
function grayOf(probabilities: Float32Array, channel: number, channels: number): Uint16Array {
  const out = new Uint16Array(probabilities.length / channels);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(probabilities[i * channels + channel]! * 65535);
  return out;
}

async function segmentOne(path: string, name: string, model: SegmentationModel, given: Given<typeof options>, out: string, signal: AbortSignal): Promise<Found> {
  const raster = await decodeImage(await readBytes(path), { name: path });
  const image = toRgb8(raster);
  const prediction = await predictAny(model, image, { probabilities: given.probabilities, threshold: given.threshold, signal });
  const { width, height, classes } = prediction;
  const palette = model.classInfo.map(({ color }) => color);
  const labels = { width, height, data: classes };
  const mask = join(out, `${name}.png`);
  await writeAtomically(mask, encodePalettePng(labels, palette));
  const painted = given.overlay ? join(out, `${name}.overlay.png`) : undefined;
  if (painted) await writeAtomically(painted, encodePng(overlay(image, labels, overlayPalette(model), { contours: true })));
  const probabilities: Record<string, string> = {};
  if (prediction.probabilities)
    for (const [i, info] of (model.classes === 1 ? model.classInfo.slice(1) : model.classInfo).entries()) {
      const file = join(out, `${name}.${info.name.replaceAll(/[^\p{L}\p{N}_-]+/gu, "-")}.png`);
      await writeAtomically(file, encodePng({ width, height, channels: 1, data: grayOf(prediction.probabilities, i, model.classes) }));
      probabilities[info.name] = file;
    }
  return { image: path, width, height, mask, ...(painted ? { overlay: painted } : {}), ...(given.probabilities ? { probabilities } : {}), classes: classesOf(prediction, model) };
}

/** Black and white say nothing on a photograph: classes of these colours are painted orange. */
export const overlayPalette = (model: Pick<SegmentationModel, "classInfo">): (readonly [number, number, number])[] =>
  model.classInfo.map(({ color }) => (color.every((v) => v > 240) || color.every((v) => v < 15) ? [255, 140, 0] : color));

async function segment(operands: readonly string[], given: Given<typeof options>, terminal: Terminal): Promise<void> {
  const { weights, out = join("out", "segment") } = given;
  if (weights === undefined) throw new OptionError("atrous segment: --weights FILE is missing. See atrous segment --help.");
  const images = await imagesOf(operands);
  const names = resultNames(images);
  const own = new Set(images.map((image) => resolve(image)));
  const victim = images.find((image) => own.has(resolve(join(out, `${names.get(image)!}.png`))));
  if (victim !== undefined) throw new OptionError(`atrous segment: the class map of ${victim} would take the place of an image in ${out}. Choose another --out.`);
  await withDevice(terminal, async (device, signal) => {
    using model = await openWeights(weights, device);
    await ensureDir(out);
    const found: Found[] = [];
    const begun = performance.now();
    for (const [i, path] of images.entries()) {
      if (signal.aborted) break;
      terminal.progress(`${i}/${images.length} ${path}`);
      try {
        const one = await segmentOne(path, names.get(path)!, model, given, out, signal);
        found.push(one);
        terminal.line(`${path} (${one.width}×${one.height}) → ${one.mask}: ${one.classes.map(({ name, share, regions }) => `${name} ${(100 * share).toFixed(1)} %${regions === undefined ? "" : ` (${plural(regions, "region")})`}`).join(", ")}`);
      } catch (error) {
        // One bad file must not keep the others from being segmented.
        if (images.length === 1 || !(error instanceof AtrousError)) throw error;
        terminal.warn(error.message);
        process.exitCode = 1;
      }
    }
    if (images.length > 1) terminal.line(`${found.length} of ${plural(images.length, "image")} in ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
    if (given.json) terminal.json(found);
  });
}

export const segmentCommand = defineCommand({
  name: "segment",
  summary: "Finds the class of every pixel of images of any size. Writes each class map as a PNG with the classes' colours as palette.",
  operands: "IMAGE…",
  fewest: 1,
  most: Infinity,
  options,
  notes: ["An IMAGE is a PNG or JPEG file, or a folder of them. What is written is named after the image: NAME.png, NAME.overlay.png, and NAME.CLASS.png for probabilities."],
  run: (operands, given) => segment(operands, given, openTerminal({ json: given.json })),
});
