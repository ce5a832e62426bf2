import { compile, type Compiled } from "../graph/compile.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { evaluating } from "../models/predict.js";
import { arrange, openImage, type ImageSource } from "../models/predict-input.js";
import type { InputSpan, SegmentationModel } from "../models/segmentation-model.js";
import { gradients } from "../ops/gradients.js";
import { add, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { sum } from "../ops/sum.js";
import { checkOptions, OptionError } from "../runtime/errors.js";
import { activationMap, camMethods, type CamMethod } from "./cam-methods.js";
import { regionOf, resolveTarget, seedOf, type CamTarget, type ResolvedTarget } from "./cam-target.js";
import { HeatMap } from "./heat-map.js";
import { mapOf, modulesAt, widestLayer } from "./layers.js";
import { watching } from "./watch.js";

export interface GradCamOptions {
  /** What is to be explained; several are added up. Needed by all methods but "eigen-cam", which takes none. */
  target?: CamTarget | readonly CamTarget[] | undefined;
  /**
   * Path of the layer whose maps are weighted ("down4.maxpool_conv.1"; `model.modules()` has them all), or of several, whose maps
   * are averaged. Default: the widest layer at the lowest resolution.
   */
  layer?: string | readonly string[] | undefined;
  /** Default "grad-cam". */
  method?: CamMethod | undefined;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What a plan is made for beside sizes. */
interface Spec {
  readonly layers: readonly string[];
  readonly method: CamMethod;
  readonly targets: readonly ResolvedTarget[];
}

interface Outputs {
  maps: Tensor<"f32">[];
  /** The maps at the size of the padded image. */
  resized: Tensor<"f32">[];
  score: Tensor<"f32"> | undefined;
  /** Pixels of each target. */
  counts: Tensor<"f32">[];
}

type Run = Compiled<[image: Tensor, regions: Tensor<"u8">[], spec: Spec], Outputs>;

const plans = new WeakMap<SegmentationModel, Run>();

function planOf(model: SegmentationModel): Run {
  let run = plans.get(model);
  if (!run) {
    run = compile(function gradCam(image: Tensor, regions: Tensor<"u8">[], { layers, method, targets }: Spec): Outputs {
      const { result: logits, seen } = watching(modulesAt(model, layers), () => model.forward(model.normalise(image)));
      const features = layers.map((path) => mapOf(path, seen));
      const parts = targets.map((target, i) => seedOf(model, logits, regions[i]!, target));
      const seed = parts.length > 0 ? parts.map((part) => part.seed).reduce((a, b) => add(a, b)) : undefined;
      let slopes: Tensor<"f32">[] | undefined;
      const slope = (i: number): Tensor<"f32"> => (slopes ??= gradients(logits, features, seed!) as Tensor<"f32">[])[i]!;
      const maps = features.map((map, i) => activationMap(method, map, () => slope(i)));
      const size = [image.shape[1]!, image.shape[2]!] as const;
      return {
        maps: maps.map((map) => reshape(map, map.shape.slice(1, 3))),
        resized: maps.map((map) => reshape(resize(map, { size }), size)),
        score: seed && sum(mul(logits, seed)),
        counts: parts.map(({ pixels }) => sum(pixels)),
      };
    });
    plans.set(model, run);
  }
  return run;
}

/** Divides by the largest value, so that it becomes 1; a map of zeros stays one. */
function scaled(map: Float32Array): Float32Array {
  let largest = 0;
  for (let i = 0; i < map.length; i++) if (map[i]! > largest) largest = map[i]!;
  return largest > 0 ? map.map((v) => v / largest) : map;
}

/** Maps of the network's input cut back to the image, each scaled to 0 … 1, and the mean of them scaled again. */
function combined(maps: readonly Float32Array[], width: number, height: number, columns: InputSpan, rows: InputSpan): Float32Array {
  const at = (i: number): number => (rows.before + Math.floor(i / width)) * columns.size + columns.before + (i % width);
  const cut = maps.map((map) => scaled(Float32Array.from({ length: width * height }, (_, i) => map[at(i)]!)));
  return cut.length === 1 ? cut[0]! : scaled(cut[0]!.map((_, i) => cut.reduce((total, map) => total + map[i]!, 0) / cut.length));
}

/**
 * Where in the image the score of a class comes from: Grad-CAM (Selvaraju et al. 2017) and its relatives, for segmentation
 * (Vinogradova, Dibrov & Myers 2020). The score S is the sum of a class's logits over the target's pixels; A are the feature maps
 * of a layer and G = dS/dA, both for an image in evaluation mode. The map is the positive part of Σ over channels k of
 *
 *     "grad-cam"     mean(G_k) · A_k
 *     "grad-cam++"   w_k · A_k, w_k = Σ_ij α_ij max(G_ij, 0), α = G² / (2 G² + (Σ A_k) G³)   Chattopadhay et al. 2018
 *     "hires-cam"    G_k ∘ A_k, which is faithful to the score where the rest of the network is linear   Draelos & Carin 2020
 *     "layer-cam"    max(G_k, 0) ∘ A_k, for layers of high resolution   Jiang et al. 2021
 *     "xgrad-cam"    (Σ G_k ∘ A_k / Σ A_k) · A_k   Fu et al. 2020
 *     "eigen-cam"    v_k · A_k, v the first principal direction of the maps (not centred): what the layer sees, whatever the
 *                    class   Muhammad & Yeasin 2020
 *
 * resized to what the network was given (bilinear), cut back to the image and divided by its largest value. The image is padded and normalised as by `predict`; runs
 * with equal sizes, layers and methods share a plan. Targets change no weights, and the model's mode stays as it is.
 *
 *     const cam = await gradCam(model, "cells.png", { target: { class: "nucleus", pixels: { x: 20, y: 31 } } });
 *     await writeAtomically("why.png", encodePng(cam.overlay()));
 *
 * @param image as for `predict`
 * @throws OptionError for layers, classes and pixels that do not exist, layers that give no feature map, and targets without pixels;
 *   GradientError where an operator after the layer has no gradient; ImageError, FileError and DeviceError as `predict`
 */
export async function gradCam(model: SegmentationModel, image: ImageSource, options: GradCamOptions): Promise<HeatMap> {
  checkOptions("gradCam", options, ["target", "layer", "method", "signal"]);
  const { target, layer, method = "grad-cam", signal } = options;
  if (!camMethods.includes(method)) throw new OptionError(`gradCam: method must be ${camMethods.map((name) => `"${name}"`).join(", ")}, but is ${JSON.stringify(method)}.`);
  const targets = target === undefined ? [] : Array.isArray(target) ? (target as readonly CamTarget[]) : [target as CamTarget];
  if (method === "eigen-cam" && target !== undefined) throw new OptionError('gradCam: "eigen-cam" looks at the maps alone. Leave target out, or take another method.');
  if (method !== "eigen-cam" && targets.length === 0) throw new OptionError(`gradCam: target is missing. Say what is to be explained: { target: { class: ${JSON.stringify(model.classInfo.at(-1)!.name)} } }.`);
  const resolved = targets.map((each) => resolveTarget(each, model));
  const { device, inChannels } = model;
  const asked = layer === undefined ? undefined : typeof layer === "string" ? [layer] : [...layer];
  if (asked?.length === 0) throw new OptionError("gradCam: layer is an empty list. Name a layer, or leave it out.");
  if (asked) modulesAt(model, asked);
  signal?.throwIfAborted();

  const view = await openImage(image, device, "gradCam");
  signal?.throwIfAborted();
  const { width, height } = view;
  const [rows, columns] = [model.inputSize(height), model.inputSize(width)];
  const shape = [1, rows.size, columns.size, inChannels];
  const regions = targets.map((each) => regionOf(each, width, height, columns, rows));
  const layers = asked ?? [widestLayer(model, shape)];
  const input = tensor(device, arrange(view, inChannels, columns.size, rows.size, "gradCam", [columns.before, rows.before]), shape);
  const masks = regions.map((region) => tensor(device, region, shape.slice(0, 3)));
  let outputs: Outputs;
  try {
    outputs = evaluating(model, () => planOf(model)(input, masks, { layers, method, targets: resolved }));
  } finally {
    for (const each of [input, ...masks]) each.dispose();
  }
  const { maps, resized, score, counts } = outputs;
  const reads = Promise.all([Promise.all(maps.map((map) => map.data())), Promise.all(resized.map((map) => map.data())), score?.item(), Promise.all(counts.map((count) => count.item()))]);
  for (const each of [...maps, ...resized, ...counts, ...(score ? [score] : [])]) each.dispose();
  const [raw, wide, value, pixels] = await reads;
  signal?.throwIfAborted();
  const empty = pixels.indexOf(0);
  if (empty >= 0) {
    const name = model.classInfo[resolved[empty]!.label]!.name;
    throw new OptionError(`gradCam: ${resolved[empty]!.predicted ? `the model finds no pixel of class "${name}" in this image. Explain all pixels, or one of them: pixels: { x, y }` : `the target of class "${name}" has no pixels where the model has logits`}.`);
  }
  const layerMaps = layers.map((path, i) => ({ path, height: maps[i]!.shape[0]!, width: maps[i]!.shape[1]!, data: raw[i]! }));
  return new HeatMap(width, height, combined(wide, width, height, columns, rows), layerMaps, value, view);
}
