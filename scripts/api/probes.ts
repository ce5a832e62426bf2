// One small call of every operator, for the table of dtypes. `t` makes a tensor of the dtype that is tried, `u` one of whole numbers.
import type { Tensor } from "../../src/graph/tensor.js";
import * as a from "../../src/index.js";

type Make = (shape: number[]) => Tensor<"f32">;
type Whole = (shape: number[], dtype?: "u8" | "u32" | "i32") => Tensor<"u32">;
type Probe = (t: Make, u: Whole) => unknown;

const map = [1, 8, 8, 4];
const unary = (op: (x: Tensor<"f32">) => unknown, shape = [2, 3]): Probe => (t) => op(t(shape));
const binary = (op: (x: Tensor<"f32">, y: Tensor<"f32">) => unknown): Probe => (t) => op(t([2, 3]), t([2, 3]));

const pointwise: Record<string, Probe> = {
  ...Object.fromEntries(([
    "abs", "ceil", "cos", "elu", "erf", "exp", "expm1", "floor", "gelu", "hardSigmoid", "hardSwish", "isNaN", "leakyRelu", "log", "log1p", "logSigmoid", "mish", "neg", "reciprocal", "relu",
    "relu6", "round", "rsqrt", "selu", "sigmoid", "sign", "silu", "sin", "softplus", "softsign", "sqrt", "square", "tanh",
  ] as const).map((name) => [name, unary((x) => a[name](x))])),
  ...Object.fromEntries((["add", "div", "equal", "greater", "greaterEqual", "less", "lessEqual", "maximum", "minimum", "mul", "notEqual", "pow", "sub"] as const).map((name) => [name, binary((x, y) => a[name](x, y))])),
  prelu: (t) => a.prelu(t(map), t([4])),
  clamp: unary((x) => a.clamp(x, 0, 1)),
  where: (t) => a.where(t([2, 3]), t([2, 3]), t([2, 3])),
};

const reductions: Record<string, Probe> = {
  argmax: unary((x) => a.argmax(x)),
  argmin: unary((x) => a.argmin(x)),
  l1Norm: unary((x) => a.l1Norm(x)),
  l2Norm: unary((x) => a.l2Norm(x)),
  logSum: unary((x) => a.logSum(x)),
  logSumExp: unary((x) => a.logSumExp(x)),
  max: unary((x) => a.max(x)),
  mean: unary((x) => a.mean(x)),
  min: unary((x) => a.min(x)),
  prod: unary((x) => a.prod(x)),
  std: unary((x) => a.std(x)),
  variance: unary((x) => a.variance(x)),
  sum: unary((x) => a.sum(x)),
};

const shapes: Record<string, Probe> = {
  broadcastTo: unary((x) => a.broadcastTo(x, [4, 2, 3])),
  cast: unary((x) => a.cast(x, "f32")),
  concat: binary((x, y) => a.concat([x, y])),
  crop2d: unary((x) => a.crop2d(x, { top: 1, left: 1, height: 2, width: 2 }), map),
  flip: unary((x) => a.flip(x, { axes: [1] })),
  pad: unary((x) => a.pad(x, [1, 1])),
  pad2d: unary((x) => a.pad2d(x, { top: 1 }), map),
  reshape: unary((x) => a.reshape(x, [6])),
  slice: unary((x) => a.slice(x, { start: 0, length: 2 })),
  split: unary((x) => a.split(x, [1, 2])[0]),
  stack: binary((x, y) => a.stack([x, y])),
  transpose: unary((x) => a.transpose(x)),
};

const indexing: Record<string, Probe> = {
  argsort: unary((x) => a.argsort(x)),
  cumsum: unary((x) => a.cumsum(x)),
  gather: (t, u) => a.gather(t([2, 3]), u([2, 3])),
  indexAdd: (t, u) => a.indexAdd(t([4, 3]), u([2]), t([2, 3])),
  indexSelect: (t, u) => a.indexSelect(t([4, 3]), u([2])),
  oneHot: unary((x) => a.oneHot(x, 3)),
  scatterAdd: (t, u) => a.scatterAdd(t([2, 3]), u([2, 3]), t([2, 3])),
  sort: unary((x) => a.sort(x)),
  topK: unary((x) => a.topK(x, 2)),
};

const maps: Record<string, Probe> = {
  conv2d: (t) => a.conv2d(t(map), t([4, 3, 3, 4])),
  convTranspose2d: (t) => a.convTranspose2d(t(map), t([4, 3, 3, 4])),
  adaptiveAvgPool2d: unary((x) => a.adaptiveAvgPool2d(x, { outputSize: 3 }), map),
  adaptiveMaxPool2d: unary((x) => a.adaptiveMaxPool2d(x, { outputSize: 3 }), map),
  adaptiveMaxPool2dWithIndices: unary((x) => a.adaptiveMaxPool2dWithIndices(x, { outputSize: 3 }), map),
  avgPool2d: unary((x) => a.avgPool2d(x, { kernelSize: 2 }), map),
  globalAvgPool2d: unary((x) => a.globalAvgPool2d(x), map),
  globalMaxPool2d: unary((x) => a.globalMaxPool2d(x), map),
  lpPool2d: unary((x) => a.lpPool2d(x, { kernelSize: 2, normType: 2 }), map),
  maxPool2d: unary((x) => a.maxPool2d(x, { kernelSize: 2 }), map),
  maxPool2dWithIndices: unary((x) => a.maxPool2dWithIndices(x, { kernelSize: 2 }), map),
  maxUnpool2d: (t, u) => a.maxUnpool2d(t(map), u(map), { kernelSize: 2 }),
  pyramidPool2d: unary((x) => a.pyramidPool2d(x)[0], map),
  affineGrid: unary((theta) => a.affineGrid(theta, { size: [4, 4] }), [1, 2, 3]),
  gridSample: (t) => a.gridSample(t(map), t([1, 4, 4, 2])),
  pixelShuffle: unary((x) => a.pixelShuffle(x, { upscaleFactor: 2 }), map),
  pixelUnshuffle: unary((x) => a.pixelUnshuffle(x, { downscaleFactor: 2 }), map),
  resize: unary((x) => a.resize(x, { size: [4, 6] }), map),
  localResponseNorm: unary((x) => a.localResponseNorm(x, { size: 3 }), map),
  batchNormInference: (t) => a.batchNormInference(t(map), t([4]), t([4]), a.cast(t([4]), "f32"), a.cast(t([4]), "f32")), // statistics are f32
  batchNormTrain: (t) => a.batchNormTrain(t(map), t([4]), t([4])),
  channelAffine: (t) => a.channelAffine(t(map), t([4]), t([4])),
  groupNorm: unary((x) => a.groupNorm(x, { groups: 2 }), map),
  instanceNorm: unary((x) => a.instanceNorm(x), map),
  layerNorm: unary((x) => a.layerNorm(x), map),
  dropout: unary((x) => a.dropout(x)),
  dropout2d: unary((x) => a.dropout2d(x), map),
};

const classes: Record<string, Probe> = {
  accumulateCounts: (t) => a.accumulateCounts(t([2, 3]) as never, t([3]) as never),
  confusionMatrix: binary((x, y) => a.confusionMatrix(x, y, { classes: 3 })),
  distanceTransform: unary((x) => a.distanceTransform(x), [1, 8, 8]),
  logSoftmax: unary((x) => a.logSoftmax(x)),
  softmax: unary((x) => a.softmax(x)),
};

const logits = (loss: (x: Tensor<"f32">, labels: Tensor) => unknown, channels = 4): Probe => (t, u) => loss(t([1, 8, 8, channels]), u([1, 8, 8], "u8"));
const losses: Record<string, Probe> = {
  binaryCrossEntropy: logits((x, y) => a.binaryCrossEntropy(x, y), 1),
  ...Object.fromEntries(([
    "boundaryLoss", "crossEntropy", "diceLoss", "focalLoss", "focalTverskyLoss", "generalizedDiceLoss", "hausdorffLoss", "jaccardLoss", "lovaszSoftmaxLoss",
    "mccLoss", "ohemCrossEntropy", "sigmoidFocalLoss", "tverskyLoss",
  ] as const).map((name) => [name, logits((x, y) => a[name](x, y))])),
  hardPixelCrossEntropy: logits((x, y) => a.hardPixelCrossEntropy(x, y, { fraction: 0.5 })),
  lovaszHingeLoss: logits((x, y) => a.lovaszHingeLoss(x, y), 1),
  upsampledCrossEntropy: (t, u) => a.upsampledCrossEntropy(t([1, 4, 4, 4]), u([1, 8, 8], "u8")),
  weightedSum: (t) => a.weightedSum([[1, t([])]]),
};

export const probes: Record<string, Probe> = {
  ...pointwise, ...reductions, ...shapes, ...indexing, ...maps, ...classes, ...losses,
  constant: (t) => a.constant([1, 2], { dtype: t([1]).dtype }),
  full: (t) => a.full([2, 3], 1, t([1]).dtype),
  gemm: (t) => a.gemm(t([2, 3]), t([3, 4])),
  matmul: (t) => a.matmul(t([2, 3]), t([3, 4])),
};
