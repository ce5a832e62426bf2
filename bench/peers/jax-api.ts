/** The part of jax-js's API that the benchmarks use. Every operation consumes its arguments: `ref` keeps one for another use. */
export interface JaxArray {
  readonly shape: number[];
  readonly ref: JaxArray;
  dispose(): void;
  data(): Promise<Float32Array>;
  gpuBuffer(): Promise<unknown>;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  neg(): JaxArray;
  sum(axis?: number | number[]): JaxArray;
  mean(axis?: number | number[], options?: { keepdims: boolean }): JaxArray;
  max(axis?: number | number[], options?: { keepdims: boolean }): JaxArray;
  equal(other: JaxArray): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(order?: readonly number[]): JaxArray;
}

export type JaxFunction = (...xs: JaxArray[]) => JaxArray | JaxArray[];
type Owned<F> = F & { dispose(): void };

export interface Jax {
  init(device: "webgpu"): Promise<string[]>;
  defaultDevice(device: "webgpu"): string;
  getWebGPUDevice(): GPUDevice;
  jit<F extends JaxFunction>(f: F): Owned<F>;
  vjp(f: (...xs: JaxArray[]) => JaxArray, primals: JaxArray[]): [JaxArray, Owned<(grad: JaxArray) => JaxArray[]>];
  valueAndGrad(f: JaxFunction, options: { argnums: number[] }): (...xs: JaxArray[]) => [JaxArray, JaxArray[]];
  lax: {
    convGeneralDilated(x: JaxArray, weight: JaxArray, strides: number[], padding: [number, number][], options: { rhsDilation: number[]; featureGroupCount: number }): JaxArray;
  };
  nn: {
    relu(x: JaxArray): JaxArray;
    softmax(x: JaxArray, axis: number): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
    oneHot(x: JaxArray, classes: number): JaxArray;
  };
  numpy: {
    array(values: Float32Array | Int32Array | number, options?: { shape?: readonly number[]; dtype?: "float32" | "int32" }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(xs: JaxArray[], axis: number): JaxArray;
    where(condition: JaxArray, x: JaxArray, y: JaxArray | number): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    power(x: number, y: JaxArray): JaxArray;
  };
}
