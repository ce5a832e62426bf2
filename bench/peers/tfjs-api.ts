/** The part of TensorFlow.js's API that the benchmarks use: it is installed only by `npm run bench:peers`, so its own types are not at hand. */
export interface TfTensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface TfVariable extends TfTensor {
  readonly name: string;
}

export interface TfOptimizer {
  minimize(loss: () => TfTensor, returnCost: true, variables: readonly TfVariable[]): TfTensor;
  applyGradients(gradients: Record<string, TfTensor>): void;
  dispose(): void;
}

type Pad = number | "valid" | "same";
type Pair = [number, number];

export interface Tf {
  version_core: string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): { device: GPUDevice; commandEncoder: unknown; endComputePassEncoder(): void; submitQueue(): void };
  engine(): { runKernel(name: string, inputs: Record<string, TfTensor>, attributes: object): TfTensor | TfTensor[] };
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype?: "float32" | "int32"): TfTensor;
  variable(value: TfTensor, trainable?: boolean, name?: string): TfVariable;
  tidy<T>(run: () => T): T;
  dispose(value: unknown): void;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  conv2d(x: TfTensor, filter: TfTensor, strides: number, pad: Pad, format: "NHWC", dilations: number): TfTensor;
  depthwiseConv2d(x: TfTensor, filter: TfTensor, strides: number, pad: Pad, format: "NHWC", dilations: number): TfTensor;
  conv2dTranspose(x: TfTensor, filter: TfTensor, outputShape: readonly number[], strides: number, pad: Pad): TfTensor;
  maxPool(x: TfTensor, size: number, strides: number, pad: Pad): TfTensor;
  maxPoolWithArgmax(x: TfTensor, size: number, strides: number, pad: Pad, includeBatchInIndex: boolean): { result: TfTensor; indexes: TfTensor };
  avgPool(x: TfTensor, size: number, strides: number, pad: Pad): TfTensor;
  scatterND(indices: TfTensor, updates: TfTensor, shape: readonly number[]): TfTensor;
  image: { resizeBilinear(x: TfTensor, size: Pair, alignCorners: boolean, halfPixelCenters: boolean): TfTensor };
  moments(x: TfTensor, axes: number[]): { mean: TfTensor; variance: TfTensor };
  batchNorm(x: TfTensor, mean: TfTensor, variance: TfTensor, beta: TfTensor, gamma: TfTensor, epsilon: number): TfTensor;
  softmax(x: TfTensor): TfTensor;
  oneHot(labels: TfTensor, classes: number, on: number, off: number, dtype: "float32"): TfTensor;
  losses: { softmaxCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor };
  fused: { conv2d(options: { x: TfTensor; filter: TfTensor; strides: number; pad: Pad; bias: TfTensor; activation: "relu" | "linear" }): TfTensor };
  add(a: TfTensor, b: TfTensor): TfTensor;
  relu(x: TfTensor): TfTensor;
  concat(xs: readonly TfTensor[], axis: number): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  grads(f: (...xs: TfTensor[]) => TfTensor): (xs: readonly TfTensor[], dy?: TfTensor) => TfTensor[];
  valueAndGrad(f: (x: TfTensor) => TfTensor): (x: TfTensor) => { value: TfTensor; grad: TfTensor };
  train: { adam(learningRate: number, beta1: number, beta2: number, epsilon: number): TfOptimizer };
}
