import { heNormal } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import { BatchNorm2d } from "../../layers/batch-norm2d.js";
import { Conv2d } from "../../layers/conv2d.js";
import { convLayers } from "../../layers/conv-block.js";
import { Layer } from "../../layers/layer.js";
import type { Module } from "../../layers/module.js";
import { AvgPool2d, MaxPool2d } from "../../layers/pooling.js";
import { Sequential } from "../../layers/sequential.js";
import { relu } from "../../ops/activations.js";
import { add } from "../../ops/pointwise.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { requireBlocks } from "./require-blocks.js";

export interface ResNetOptions {
  /** Layers with weights: 18 and 34 have basic blocks, 50, 101 and 152 bottlenecks. */
  depth: 18 | 34 | 50 | 101 | 152;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Channels of the first stage's 3×3 convolutions; all others are multiples. Default 64. */
  width?: number;
  /** Blocks of the four stages, instead of those of `depth`. */
  blocks?: readonly number[];
  /** "7x7" (He et al. 2016), or "deep": three 3×3 convolutions (ResNet-D of He et al. 2019, PSPNet). Default "7x7". */
  stem?: "7x7" | "deep";
  /** Channels of the deep stem, the last of which the first stage takes. Default [width / 2, width / 2, width]. */
  stemWidths?: readonly [number, number, number];
  /** Average pooling before the 1×1 convolution of strided shortcuts (ResNet-D). Default false. */
  averageDown?: boolean;
  /** Which convolution of a bottleneck has the stride: the "3x3" (torchvision) or the "first" 1×1 (the paper, Caffe). Default "3x3". */
  strideIn?: "3x3" | "first";
  /** Whether the pooling of the stem rounds sizes up (Caffe, DeepLab v2). Default false. */
  ceilMode?: boolean;
  /** Groups of the 3×3 convolutions (ResNeXt: 32). Default 1. */
  groups?: number;
  /** Channels of each group where `width` is 64 (ResNeXt-50 32×4d: 4). Default 64. */
  widthPerGroup?: number;
  /** Added to variances before the root. Default 1e-5. */
  eps?: number;
}

const depths: Record<number, readonly number[]> = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] };

export interface BlockShape {
  /** Channels of x. */
  readonly from: number;
  /** Channels of the stage before the expansion. */
  readonly planes: number;
  readonly stride: number;
  readonly options: Required<Pick<ResNetOptions, "averageDown" | "strideIn" | "groups" | "widthPerGroup" | "eps">>;
}

const conv = (from: number, to: number, kernelSize: number, stride: number, groups = 1): Conv2d =>
  new Conv2d(from, to, { kernelSize, stride, padding: (kernelSize - 1) / 2, groups, bias: false, init: heNormal(to * kernelSize * kernelSize) });

/** The shortcut of a block that changes size or channels; undefined where x itself is added. */
function shortcut({ from, stride, options }: BlockShape, to: number): Sequential | undefined {
  if (stride === 1 && from === to) return undefined;
  const norm = new BatchNorm2d(to, { eps: options.eps });
  if (!options.averageDown) return new Sequential(conv(from, to, 1, stride), norm);
  return new Sequential(new AvgPool2d({ kernelSize: stride, ceilMode: true, countIncludePad: false }), conv(from, to, 1, 1), norm);
}

/** Two 3×3 convolutions and x. */
class BasicBlock extends Layer {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor(shape: BlockShape) {
    super();
    const { from, planes, stride, options } = shape;
    this.conv1 = conv(from, planes, 3, stride);
    this.bn1 = new BatchNorm2d(planes, { eps: options.eps });
    this.conv2 = conv(planes, planes, 3, 1);
    this.bn2 = new BatchNorm2d(planes, { eps: options.eps });
    this.downsample = shortcut(shape, planes);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = relu(this.bn1.forward(this.conv1.forward(x)));
    return relu(add(this.bn2.forward(this.conv2.forward(h)), this.downsample ? this.downsample.forward(x) : x)) as Tensor<"f32">;
  }
}

/** 1×1 to fewer channels, 3×3, 1×1 to four times as many, and x. */
export class Bottleneck extends Layer {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor(shape: BlockShape) {
    super();
    const { from, planes, stride, options: { groups, widthPerGroup, strideIn, eps } } = shape;
    const middle = Math.floor((planes * widthPerGroup) / 64) * groups;
    const first = strideIn === "first";
    this.conv1 = conv(from, middle, 1, first ? stride : 1);
    this.bn1 = new BatchNorm2d(middle, { eps });
    this.conv2 = conv(middle, middle, 3, first ? 1 : stride, groups);
    this.bn2 = new BatchNorm2d(middle, { eps });
    this.conv3 = conv(middle, planes * 4, 1, 1);
    this.bn3 = new BatchNorm2d(planes * 4, { eps });
    this.downsample = shortcut(shape, planes * 4);
  }

  forward(x: Tensor): Tensor<"f32"> {
    let h = relu(this.bn1.forward(this.conv1.forward(x)));
    h = relu(this.bn2.forward(this.conv2.forward(h)));
    return relu(add(this.bn3.forward(this.conv3.forward(h)), this.downsample ? this.downsample.forward(x) : x)) as Tensor<"f32">;
  }
}

/**
 * ResNet (He et al. 2016) without its classifier: stem and max pooling to stride 4, then four stages of residual blocks. With the options named
 * in them also ResNet-D (He et al. 2019), ResNeXt (Xie et al. 2017: `groups`, `widthPerGroup`) and Caffe's variant. Names are torchvision's
 * ("conv1", "bn1", "layer1.0.conv1", …), those of a deep stem timm's ("conv1.0", …); the batch norm of a residual branch starts at 1.
 *
 *     image → 7×7/2 → pool/2 → layer1 → layer2/2 → layer3/2 → layer4/2
 *               64                256       512       1024      2048       (50 layers and more)
 */
export class ResNet extends Encoder {
  readonly channels: readonly number[];
  override readonly slimStride = "unit before";
  readonly conv1: Conv2d | Sequential;
  readonly bn1: BatchNorm2d;
  readonly maxpool: MaxPool2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;

  constructor(options: ResNetOptions) {
    super();
    checkOptions("ResNet", options, ["depth", "inChannels", "width", "blocks", "stem", "stemWidths", "averageDown", "strideIn", "ceilMode", "groups", "widthPerGroup", "eps"]);
    const { depth, inChannels = 3, width = 64, blocks = depths[depth], stem = "7x7", averageDown = false, strideIn = "3x3", ceilMode = false, groups = 1, widthPerGroup = 64, eps = 1e-5 } = options;
    if (!Object.hasOwn(depths, depth)) throw new OptionError(`ResNet: depth must be one of ${Object.keys(depths).join(", ")} but is ${String(depth)}.`);
    requireBlocks("ResNet", blocks, 4);
    if (stem !== "7x7" && stem !== "deep") throw new OptionError(`ResNet: stem must be "7x7" or "deep" but is ${JSON.stringify(stem)}.`);
    if (strideIn !== "3x3" && strideIn !== "first") throw new OptionError(`ResNet: strideIn must be "3x3" or "first" but is ${JSON.stringify(strideIn)}.`);
    const Block = depth < 50 ? BasicBlock : Bottleneck;
    if (Block === BasicBlock && (groups !== 1 || widthPerGroup !== 64 || strideIn === "first")) throw new OptionError(`ResNet: groups, widthPerGroup and strideIn belong to bottlenecks, which depth ${depth} has none of.`);
    const stemWidths = options.stemWidths ?? [width / 2, width / 2, width];
    const rest = { averageDown, strideIn, groups, widthPerGroup, eps };
    const last = stem === "deep" ? stemWidths[2] : width;
    this.conv1 = stem === "deep"
      ? new Sequential(...convLayers(inChannels, stemWidths[0], { stride: 2, norm: { eps } }), ...convLayers(stemWidths[0], stemWidths[1], { norm: { eps } }), conv(stemWidths[1], last, 3, 1))
      : conv(inChannels, width, 7, 2);
    this.bn1 = new BatchNorm2d(last, { eps });
    this.maxpool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1, ceilMode });
    const planes = [0, 1, 2, 3].map((i) => width * 2 ** i);
    const layers = blocks.map((count, stage) => new Sequential(...Array.from({ length: count }, (_, i) => new Block({
      from: i > 0 ? planes[stage]! * Block.expansion : stage > 0 ? planes[stage - 1]! * Block.expansion : last,
      planes: planes[stage]!, stride: i === 0 && stage > 0 ? 2 : 1, options: rest,
    }))));
    [this.layer1, this.layer2, this.layer3, this.layer4] = layers as [Sequential, Sequential, Sequential, Sequential];
    this.channels = [inChannels, last, ...planes.map((n) => n * Block.expansion)];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps = [x as Tensor<"f32">];
    if (depth >= 1) maps.push(relu(this.bn1.forward(this.conv1.forward(x))) as Tensor<"f32">);
    for (const [i, layer] of [this.layer1, this.layer2, this.layer3, this.layer4].entries())
      if (depth >= i + 2) maps.push(layer.forward(i === 0 ? this.maxpool.forward(maps.at(-1)!) : maps.at(-1)!));
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    const [first, ...rest] = [this.layer1, this.layer2, this.layer3, this.layer4].map(({ layers }) => layers);
    return [[this.conv1, this.bn1], [this.maxpool, ...first!], ...rest];
  }
}
