// The entry `atrous`: all that runs in a browser as well as in Node. What needs files or a driver is in src/node.ts.

// Devices
export { createDevice, type CreateDeviceOptions } from "./browser.js";
export { Device, type Adapter, type DeviceMemory, type Pixels } from "./runtime/device.js";
export { dtypes, type DType, type FloatDType, type TypedArrayOf } from "./runtime/dtype.js";
export {
  AtrousError, CaptureError, CheckpointError, DataError, DeviceError, DeviceLostError, DisposedError, DTypeError, FileError,
  GradientError, ImageError, OptionError, OutOfMemoryError, ShapeError, TrainingError,
} from "./runtime/errors.js";
export { float32ToHalf, halfToFloat32 } from "./runtime/half.js";
export type { Shape } from "./runtime/shape.js";

// Tensors and plans
export { compile, type Compiled } from "./graph/compile.js";
export { bilinear as bilinearInit, constant as constantInit, fanInUniform, glorotUniform, heNormal, heUniform, normal, ones, truncatedNormal, uniform, zeros, type Init } from "./graph/init.js";
export { copyToBuffer, tensorFromBuffer } from "./graph/interop.js";
export { Parameter, Statistic } from "./graph/parameter.js";
export type { Plan, PlanMemory } from "./graph/plan.js";
export type { KernelTime } from "./graph/profile.js";
export { calibrate, tune, type Tunable, type TuneOptions } from "./graph/tune.js";
export type { Tuning } from "./kernels/tuning.js";
export { tensor, Tensor, type TensorLike, type TensorOptions } from "./graph/tensor.js";
export { gradients } from "./ops/gradients.js";
export { checkpoint } from "./ops/checkpoint.js";
export { valueAndGrad, type Gradients, type ValueAndGrad } from "./ops/value-and-grad.js";

// Operators
export {
  elu, gelu, hardSigmoid, hardSwish, leakyRelu, logSigmoid, mish, prelu, relu, relu6, selu, sigmoid, silu, softplus, softsign, tanh,
  type SoftplusOptions,
} from "./ops/activations.js";
export { adaptiveAvgPool2d, type AdaptiveAvgPool2dOptions } from "./ops/adaptive-avg-pool2d.js";
export { adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices, type AdaptiveMaxPool2dOptions } from "./ops/adaptive-max-pool2d.js";
export { affineGrid, type AffineGridOptions } from "./ops/affine-grid.js";
export { argmax, type ArgmaxOptions } from "./ops/argmax.js";
export { argmin } from "./ops/argmin.js";
export { avgPool2d, type AvgPool2dOptions } from "./ops/avg-pool2d.js";
export type { ReduceOptions } from "./ops/axes.js";
export { batchNormInference, batchNormTrain, type BatchNormOptions } from "./ops/batch-norm2d.js";
export { broadcastTo } from "./ops/broadcast-to.js";
export { cast } from "./ops/cast.js";
export { channelAffine } from "./ops/channel-affine.js";
export { concat, type ConcatOptions } from "./ops/concat.js";
export { accumulateCounts, confusionMatrix, type ConfusionMatrixOptions } from "./ops/confusion-matrix.js";
export { constant } from "./ops/constant.js";
export { conv2d, type Conv2dOptions } from "./ops/conv2d.js";
export type { ConvolutionPadding, PaddingMode } from "./ops/conv2d-options.js";
export { convTranspose2d, type ConvTranspose2dOptions } from "./ops/conv-transpose2d.js";
export { crop2d, type Crop2dOptions } from "./ops/crop2d.js";
export { cumsum, type CumsumOptions } from "./ops/cumsum.js";
export { distanceTransform, type DistanceTransformOptions } from "./ops/distance-transform.js";
export { dropout, dropout2d, type DropoutOptions } from "./ops/dropout.js";
export { flip, type FlipOptions } from "./ops/flip.js";
export { gather, type GatherOptions } from "./ops/gather.js";
export { gridSample, type GridSampleOptions } from "./ops/grid-sample.js";
export { gemm, type GemmOptions } from "./ops/gemm.js";
export { groupNorm, type GroupNormOptions, type NormOptions } from "./ops/group-norm.js";
export { indexAdd, type IndexOptions } from "./ops/index-add.js";
export { indexSelect } from "./ops/index-select.js";
export { instanceNorm } from "./ops/instance-norm.js";
export { layerNorm, type LayerNormOptions } from "./ops/layer-norm.js";
export { globalAvgPool2d } from "./ops/global-avg-pool2d.js";
export { globalMaxPool2d } from "./ops/global-max-pool2d.js";
export { localResponseNorm, type LocalResponseNormOptions } from "./ops/local-response-norm.js";
export { logSoftmax } from "./ops/log-softmax.js";
export { logSum, logSumExp } from "./ops/log-sum-exp.js";
export { lpPool2d, type LpPool2dOptions } from "./ops/lp-pool2d.js";
export { matmul, type MatmulOptions } from "./ops/matmul.js";
export { max, min } from "./ops/max.js";
export { maxPool2d, maxPool2dWithIndices, type MaxPool2dOptions } from "./ops/max-pool2d.js";
export { maxUnpool2d, type MaxUnpool2dOptions } from "./ops/max-unpool2d.js";
export { mean } from "./ops/mean.js";
export { l1Norm, l2Norm } from "./ops/norms.js";
export { oneHot } from "./ops/one-hot.js";
export { pad, type PadOptions, type PadWidth } from "./ops/pad.js";
export { pad2d, type Pad2dOptions, type PadMode } from "./ops/pad2d.js";
export { pixelShuffle, pixelUnshuffle, type PixelShuffleOptions, type PixelUnshuffleOptions } from "./ops/pixel-shuffle.js";
export {
  abs, add, ceil, clamp, cos, div, equal, erf, exp, expm1, floor, full, greater, greaterEqual, isNaN, less, lessEqual, log, log1p, maximum,
  minimum, mul, neg, notEqual, pow, reciprocal, round, rsqrt, sign, sin, sqrt, square, sub, where,
} from "./ops/pointwise.js";
export { prod } from "./ops/prod.js";
export { pyramidPool2d, type PyramidPool2dOptions } from "./ops/pyramid-pool2d.js";
export { reshape } from "./ops/reshape.js";
export { resize, type ResizeMode, type ResizeOptions } from "./ops/resize.js";
export { scatterAdd } from "./ops/scatter-add.js";
export { slice, type SliceOptions } from "./ops/slice.js";
export { softmax, type SoftmaxOptions } from "./ops/softmax.js";
export { argsort, sort, type Sorted, type SortOptions } from "./ops/sort.js";
export { split, type SplitOptions } from "./ops/split.js";
export { stack, type StackOptions } from "./ops/stack.js";
export { sum } from "./ops/sum.js";
export { topK, type TopKOptions } from "./ops/top-k.js";
export { transpose } from "./ops/transpose.js";
export { std, variance, type VarianceOptions } from "./ops/variance.js";

// Operators of one's own
export { defineOp, type Op, type OpDefinition, type Spec, type Traits } from "./graph/op.js";
export type { Lowering } from "./kernels/lowering.js";
export { defineKernel, type Kernel, type KernelCall, type KernelUse, type Operand, type Shader } from "./runtime/kernel.js";

// Layers
export {
  ELU, GELU, Hardsigmoid, Hardswish, Identity, LeakyReLU, LogSigmoid, Mish, PReLU, ReLU, ReLU6, SELU, Sigmoid, SiLU, Softplus, Softsign, Tanh,
} from "./layers/activation.js";
export { BatchNorm2d, type BatchNorm2dOptions } from "./layers/batch-norm2d.js";
export { Conv2d, type Conv2dOptions as Conv2dLayerOptions } from "./layers/conv2d.js";
export { ConvTranspose2d, type ConvTranspose2dOptions as ConvTranspose2dLayerOptions } from "./layers/conv-transpose2d.js";
export { Dropout, Dropout2d, StochasticDepth } from "./layers/dropout.js";
export { Layer } from "./layers/layer.js";
export { Linear } from "./layers/linear.js";
export { Module } from "./layers/module.js";
export {
  ChannelAffine, GroupNorm, InstanceNorm2d, LayerNorm, LocalResponseNorm, type LayerNormLayerOptions, type NormLayerOptions,
} from "./layers/normalisation.js";
export {
  AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, LpPool2d, MaxPool2d, MaxUnpool2d,
} from "./layers/pooling.js";
export { PixelShuffle, PixelUnshuffle } from "./layers/pixel-shuffle.js";
export { PyramidPooling, type PyramidPoolingOptions } from "./layers/pyramid-pooling.js";
export { Resize, Upsample, type UpsampleOptions } from "./layers/resize.js";
export { SeparableBlock, type SeparableBlockOptions } from "./layers/separable-block.js";
export { DepthwiseConv2d, SeparableConv2d, type DepthwiseConv2dOptions, type SeparableConv2dOptions } from "./layers/separable-conv2d.js";
export { Sequential } from "./layers/sequential.js";

// Models
export { BiSeNetV2, type BiSeNetV2Options } from "./models/bisenet-v2.js";
export { classList, defaultClasses, paletteColour, type ClassInfo, type Colour } from "./models/class-info.js";
export { ASPP, type ASPPOptions } from "./models/aspp.js";
export { Cascade, type CascadeOptions } from "./models/cascade.js";
export { CoarseModel } from "./models/coarse-model.js";
export { architectureNames, createModel, type ModelDescription } from "./models/create.js";
export { createEncoder, encoderNames, type EncoderName, type EncoderOptions } from "./models/encoders/create.js";
export { DenseNet, type DenseNetOptions } from "./models/encoders/densenet.js";
export { dilate, type DilateOptions, type DilationPolicy } from "./models/encoders/dilate.js";
export { EfficientNet, type EfficientNetOptions } from "./models/encoders/efficientnet.js";
export { Encoder } from "./models/encoders/encoder.js";
export { MobileNetV2, type MobileNetV2Options } from "./models/encoders/mobilenet-v2.js";
export { MobileNetV3, type MobileNetV3Options } from "./models/encoders/mobilenet-v3.js";
export { ResNet, type ResNetOptions } from "./models/encoders/resnet.js";
export { VGG, type VGGOptions } from "./models/encoders/vgg.js";
export { Xception, type XceptionOptions } from "./models/encoders/xception.js";
export { DeepLabV1, type DeepLabV1Options } from "./models/deeplab-v1.js";
export { DeepLabV2, type DeepLabV2Options } from "./models/deeplab-v2.js";
export { DeepLabV3MobileNetV3, DeepLabV3ResNet, type DeepLabV3MobileNetV3Options, type DeepLabV3ResNetOptions } from "./models/deeplab-v3-torchvision.js";
export { DeepLabV3, type DeepLabV3Options } from "./models/deeplab-v3.js";
export { DeepLabDecoder, type DeepLabDecoderOptions } from "./models/deeplab-decoder.js";
export { DeepLabV3Plus, type DeepLabV3PlusOptions } from "./models/deeplab-v3plus.js";
export { ENet, type ENetOptions } from "./models/enet.js";
export { ERFNet, type ERFNetOptions } from "./models/erfnet.js";
export { ESPNet, type ESPNetOptions } from "./models/espnet.js";
export { FastSCNN, type FastSCNNOptions } from "./models/fast-scnn.js";
export { FCN, type FCNOptions } from "./models/fcn.js";
export { FCNResNet } from "./models/fcn-resnet.js";
export { FCDenseNet, type FCDenseNetOptions } from "./models/fc-densenet.js";
export { denseCrf, type ClassProbabilities, type DenseCrfOptions } from "./models/dense-crf.js";
export { ICNet, type ICNetOptions } from "./models/icnet.js";
export { LRASPP, type LRASPPOptions } from "./models/lraspp.js";
export { MultiScale, type MultiScaleOptions } from "./models/multi-scale.js";
export { PatchClassifier, type PatchClassifierOptions } from "./models/patch-classifier.js";
export { PSPNet, type PSPNetOptions } from "./models/pspnet.js";
export type { PredictOptions } from "./models/predict.js";
export type { ImageSource, PixelArray, PixelNdArray } from "./models/predict-input.js";
export { Prediction, type PredictionOverlayOptions, type RgbPicture } from "./models/prediction.js";
export { SegmentationModel, type AuxiliaryOutput, type InputSpan, type Normalisation, type TrainingOutputs } from "./models/segmentation-model.js";
export { SegNet, SegNetBasic, SegNetBilinear, type SegNetBasicOptions, type SegNetOptions } from "./models/segnet.js";
export { slidingWindow, type PixelScores, type SlidingWindowOptions } from "./models/sliding-window.js";
export type { DecoderAttention } from "./models/smp-blocks.js";
export { SmpDeepLabV3, SmpDeepLabV3Plus, type SmpDeepLabOptions } from "./models/smp-deeplab.js";
export { SmpFPN, type SmpFPNOptions } from "./models/smp-fpn.js";
export { SmpLinknet } from "./models/smp-linknet.js";
export { SmpMAnet, type SmpMAnetOptions } from "./models/smp-manet.js";
export type { SmpOptions } from "./models/smp-model.js";
export { SmpPAN, type SmpPANOptions } from "./models/smp-pan.js";
export { SmpPSPNet, type SmpPSPNetOptions } from "./models/smp-pspnet.js";
export { SmpUnet, type SmpUnetOptions } from "./models/smp-unet.js";
export { SmpUnetPlusPlus } from "./models/smp-unet-plus-plus.js";
export { summary, type LayerSummary, type ModelSummary } from "./models/summary.js";
export type { TorchvisionResNetOptions } from "./models/torchvision-model.js";
export { UNet, type UNetOptions } from "./models/unet.js";
export { UNetOriginal, type UNetOriginalOptions } from "./models/unet-original.js";

// Losses
export {
  binaryCrossEntropy, boundaryLoss, crossEntropy, diceLoss, focalLoss, focalTverskyLoss, generalizedDiceLoss, hardPixelCrossEntropy, hausdorffLoss,
  jaccardLoss, lovaszHingeLoss, lovaszSoftmaxLoss, mccLoss, ohemCrossEntropy, sigmoidFocalLoss, tverskyLoss, upsampledCrossEntropy, weightedSum,
  type BinaryCrossEntropyOptions, type BoundaryLossOptions, type CrossEntropyOptions, type DiceLossOptions, type FocalLossOptions, type FocalTverskyLossOptions,
  type GeneralizedDiceLossOptions, type HardPixelCrossEntropyOptions, type HausdorffLossOptions, type JaccardLossOptions, type LossActivation, type LossReduction,
  type LovaszHingeLossOptions, type LovaszSoftmaxLossOptions, type MccLossOptions, type OhemCrossEntropyOptions, type PixelOptions, type RegionDialect,
  type RegionLossOptions, type SigmoidFocalLossOptions, type TverskyLossOptions, type UpsampledCrossEntropyOptions,
} from "./losses/index.js";

// Metrics
export { total64 } from "./ops/confusion-matrix.js";
export { BoundaryMeter, type BoundaryMeterOptions, type BoundaryResult, type BoundaryScores } from "./metrics/boundary-meter.js";
export { CalibrationMeter, type Calibration, type CalibrationBin, type CalibrationMeterOptions } from "./metrics/calibration-meter.js";
export { ConfusionMatrix, type Outcome } from "./metrics/confusion-matrix.js";
export { imageScores, type ImageScores } from "./metrics/image-scores.js";
export { report, type MetricsReport, type ReportOptions } from "./metrics/report.js";
export {
  scores, type AbsentPolicy, type Averages, type ClassScores, type Costs, type Ratios, type Scores, type ScoresOptions,
} from "./metrics/scores.js";
export { SegmentationMeter, type SegmentationMeterOptions } from "./metrics/segmentation-meter.js";
export { confusionTable, scoresTable, type ConfusionTableOptions } from "./metrics/table.js";
export {
  bestThreshold, precisionRecallCurve, rocCurve, type BestThreshold, type PrecisionRecallCurve, type RocCurve, type ThresholdCounts,
} from "./metrics/threshold-curve.js";
export { ThresholdMeter, type ThresholdMeterOptions } from "./metrics/threshold-meter.js";

// Optimizers
export {
  adam, adamW, cosine, Optimizer, poly, rmsprop, sgd, stepDecay, warmUp,
  type AdamOptions, type LearningRate, type ParameterGroup, type RmspropOptions, type SgdOptions,
} from "./optim/index.js";

// Data
export { checkAugmentOptions, drawAugmentation, type Augmentation, type AugmentOptions } from "./data/augment.js";
export { batches, type BatchOptions, type BatchState, type BatchStream, type HostBatch } from "./data/batches.js";
export { inferClasses, readClasses, type ClassTable } from "./data/classes.js";
export { checkSample, datasetOf, IGNORED, type Dataset, type Sample } from "./data/dataset.js";
export { deviceBatches, uploadBatch, type DeviceBatch, type DeviceBatchStream } from "./data/device-batches.js";
export { hash32, permutation, Random } from "./data/random.js";
export { datasetStatistics, medianFrequencyWeights, type DatasetStatistics } from "./data/statistics.js";
export { SyntheticMicroscopy, type Stain, type SyntheticOptions } from "./data/synthetic.js";
export { warped, type Padding } from "./data/warp.js";
export { borderWeights, type BorderWeightOptions } from "./data/weight-map.js";

// Published data sets
export { classesOf, type DatasetDescription, type DatasetLayout, type Label as DatasetLabel } from "./data/datasets/description.js";
export { datasetNamed, datasetNames, datasets } from "./data/datasets/index.js";

// Training
export { evaluate, type EvaluateOptions, type Evaluation } from "./train/evaluate.js";
export type { LogLine, LossPoint, StopReason, TrainingEvent, ValidationPoint } from "./train/events.js";
export type { LossFunction } from "./train/loss.js";
export type { TrainerOptions, TrainingCallback } from "./train/options.js";
export { recalibrate, type RecalibrateOptions } from "./train/recalibrate.js";
export { modelOf, trainerOptions, type RecipeContext } from "./train/recipes/apply.js";
export { recipeNamed, recipes } from "./train/recipes/index.js";
export { freezeBatchNorms, parameterGroups } from "./train/recipes/parameters.js";
export type { LossRecipe, OptimizerRecipe, ParameterKind, ParameterRule, Recipe, ScheduleRecipe } from "./train/recipes/recipe.js";
export { segnetClassWeights } from "./train/recipes/segnet.js";
export { readLog } from "./train/run-log.js";
export { memoryStorage, trainingFiles, type TrainingStorage } from "./train/storage.js";
export { Trainer, type TrainingResult } from "./train/trainer.js";

// Explain
export type { CamMethod } from "./explain/cam-methods.js";
export type { CamTarget } from "./explain/cam-target.js";
export { gradCam, type GradCamOptions } from "./explain/grad-cam.js";
export { HeatMap, type HeatOverlayOptions, type LayerMap } from "./explain/heat-map.js";

// Weights, images, masks, arrays
export { dropAlpha, orient, to8Bit, toGray, toRgb8, type LabelMap, type RasterImage, type RgbImage, type RgbOptions } from "./io/image.js";
export {
  connectedComponents, fillHoles, fillPolygons, fromCocoRle, polygons, removeSmall, signedArea, threshold, toCocoRle, toGeoJson,
  type BinaryMask, type Box, type CocoRle, type Components, type ConnectivityOptions, type FillHolesOptions, type GeoJsonFeature,
  type GeoJsonFeatures, type GeoJsonOptions, type Mask, type Point, type Polygon, type Ring,
} from "./io/mask.js";
export { fromNdArray, isNdArray, toNdArray, type DenseArray, type NdArrayLike } from "./io/ndarray.js";
export { colorize, hconcat, heatmap, overlay, type OverlayOptions } from "./io/overlay.js";
export { defaultPalette, viridisColor, vocPalette, type Rgb } from "./io/palette.js";
export { readSafetensors, toFloat32, writeSafetensors, type SafetensorDType, type Safetensors, type SafeTensor } from "./io/safetensors.js";
export {
  loadWeights, modelFromWeights, readWeightsInfo, weightsOf,
  type LoadWeightsOptions, type WeightsDescription, type WeightsInfo,
} from "./io/weights.js";
