import { Capture } from "../graph/capture.js";
import { Tensor } from "../graph/tensor.js";
import type { Module } from "../layers/module.js";
import { evaluating } from "../models/predict.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { nearest, OptionError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import { watching, type Seen } from "./watch.js";

/** The modules at these paths, in this order. Throws for a path that leads nowhere, and tells which is near. */
export function modulesAt(model: SegmentationModel, paths: readonly string[]): (readonly [string, Module])[] {
  const all = new Map([...model.modules()].filter(([path]) => path !== ""));
  return paths.map((path) => {
    const module = all.get(path);
    if (module) return [path, module] as const;
    // The deepest module on the way whose name is right: what it holds is what could have been meant.
    const parts = path.split(".");
    let known = parts.length;
    while (known > 0 && !all.has(parts.slice(0, known).join("."))) known--;
    const parent = parts.slice(0, known).join(".");
    const names = [...(all.get(parent) ?? model).children()].map(([name]) => (parent ? `${parent}.${name}` : name));
    const guess = nearest(path, [...all.keys()]);
    const where = parent ? `Layers in "${parent}"` : "Layers";
    throw new OptionError(`gradCam: the model has no layer ${JSON.stringify(path)}.${guess ? ` Did you mean "${guess}"?` : ""} ${names.length > 0 ? `${where}: ${names.join(", ")}.` : `"${parent}" holds no layers.`}`);
  });
}

/** What stands where a feature map should, in words. */
function inWords(output: unknown): string {
  if (output instanceof Tensor) return `a tensor ${output.dtype} [${output.shape.join(", ")}]`;
  if (Array.isArray(output)) return "an array";
  return typeof output === "object" && output !== null ? `a record of ${Object.keys(output).join(", ")}` : String(output);
}

const isMap = (output: unknown): output is Tensor<"f32"> => output instanceof Tensor && output.shape.length === 4 && output.dtype === "f32";

/** The feature map [1, h, w, C] that a layer gave; of a layer that ran several times, the last. */
export function mapOf(path: string, seen: readonly Seen[]): Tensor<"f32"> {
  const last = seen.findLast((each) => each.path === path);
  if (!last) throw new OptionError(`gradCam: layer "${path}" does not run in the model's forward. Take the layer that holds it, or one beside it.`);
  if (!isMap(last.output)) throw new OptionError(`gradCam: layer "${path}" gives no feature map f32 [N, h, w, channels] but ${inWords(last.output)}. Take one of the layers in it.`);
  return last.output;
}

/**
 * The layer that is looked at unless another is asked for: the one with the most channels; of several the one with the smallest
 * maps, and of these the last to run. In a U-Net that is the bottom, in a classifier turned segmenter the end of the backbone.
 * Maps of a single position say nothing about places and are left out where there are others.
 */
export function widestLayer(model: SegmentationModel, shape: Shape): string {
  const capture = new Capture({ shapesOnly: true });
  const { seen } = evaluating(model, () => watching([...model.modules()].filter(([path]) => path !== ""), () => capture.run(() => model.forward(capture.input(shape, "f32")))));
  const maps = seen.flatMap(({ path, output }) => (isMap(output) ? [{ path, positions: output.shape[1]! * output.shape[2]!, channels: output.shape[3]! }] : []));
  const spread = maps.some(({ positions }) => positions > 1) ? maps.filter(({ positions }) => positions > 1) : maps;
  const [first, ...rest] = spread;
  if (!first) throw new OptionError("gradCam: no layer of the model gives a feature map f32 [N, h, w, channels].");
  return rest.reduce((best, map) => (map.channels > best.channels || (map.channels === best.channels && map.positions <= best.positions) ? map : best), first).path;
}
