import type { Absent } from "../contender.js";
import type { Conv2dSpec, Inputs, Spec } from "../spec.js";
import type { Tf, TfTensor } from "./tfjs-api.js";

/** Uploads an input, with its axes in another order where asked; who takes it need not dispose of it. */
export type Take = (name: string, order?: readonly number[]) => TfTensor;

export interface Computation {
  /** Called inside `tf.tidy`. */
  run(): TfTensor | readonly TfTensor[];
  /** The order of axes that brings a result back to the layout of the house. */
  readonly back?: readonly number[];
  /** For what `run` leaves in variables instead of returning it. */
  result?(): Promise<Float32Array[]>;
  dispose?(): void;
}

/** OHWI → HWIO; depthwise [c, kh, kw, 1] → [kh, kw, c, 1]; transposed [in, kh, kw, out] → [kh, kw, out, in]. */
export const weightOrders = { conv: [1, 2, 3, 0], depthwise: [1, 2, 0, 3], up: [1, 2, 3, 0] } as const;
const backOrders = { conv: [3, 0, 1, 2], depthwise: [2, 0, 1, 3] } as const;

/** Gradients go straight to the kernels that TensorFlow.js's gradients call, without a forward pass; dilated ones have none, and say so. */
function convolution(tf: Tf, { stride: strides, padding: pad, dilation, groups, direction }: Conv2dSpec, inputs: Inputs, take: Take): Computation {
  const [xShape, weightShape] = [inputs["x"]!.shape, inputs["weight"]!.shape];
  const kind = groups > 1 && groups === xShape[3] ? "depthwise" : "conv";
  const forward = (x: TfTensor, filter: TfTensor): TfTensor => (kind === "depthwise" ? tf.depthwiseConv2d(x, filter, strides, pad, "NHWC", dilation) : tf.conv2d(x, filter, strides, pad, "NHWC", dilation));
  const order = weightOrders[kind];
  if (direction === "forward") {
    const [x, filter] = [take("x"), take("weight", order)];
    return { run: () => forward(x, filter) };
  }
  const dy = take("grad");
  if (dilation > 1) {
    const [x, filter] = [take("x"), take("weight", order)];
    return { run: () => tf.grads(forward)([x, filter], dy)[direction === "input gradient" ? 0 : 1]! };
  }
  const attributes = { strides, pad, ...(kind === "conv" ? { dataFormat: "NHWC" } : { dilations: [1, 1] }), dimRoundingMode: undefined };
  const kernel = (name: string, tensors: Record<string, TfTensor>, more: object): TfTensor => tf.engine().runKernel(name, tensors, { ...attributes, ...more }) as TfTensor;
  const prefix = kind === "conv" ? "Conv2DBackprop" : "DepthwiseConv2dNativeBackprop";
  if (direction === "input gradient") {
    const filter = take("weight", order);
    return { run: () => kernel(`${prefix}Input`, { dy, filter }, { inputShape: [...xShape] }) };
  }
  const x = take("x");
  return { run: () => kernel(`${prefix}Filter`, { x, dy }, { filterShape: order.map((axis) => weightShape[axis]) }), back: backOrders[kind] };
}

/** The operators of the benchmark in TensorFlow.js; networks are elsewhere. */
export function operatorOf(tf: Tf, spec: Exclude<Spec, { kind: "unet" }>, inputs: Inputs, take: Take): Computation | Absent {
  switch (spec.kind) {
    case "conv2d": return convolution(tf, spec, inputs, take);
    case "matmul": {
      const [a, b] = [take("a"), take("b")];
      return { run: () => tf.matMul(a, b) };
    }
    case "convTranspose2d": {
      const [x, filter] = [take("x"), take("weight", weightOrders.up)];
      const [n, h, w] = x.shape as [number, number, number];
      return { run: () => tf.conv2dTranspose(x, filter, [n, h * spec.stride, w * spec.stride, filter.shape[2]!], spec.stride, "valid") };
    }
    case "maxPool2d": {
      const x = take("x");
      return { run: () => tf.maxPool(x, spec.kernel, spec.kernel, "valid") };
    }
    case "avgPool2d": {
      const x = take("x");
      return { run: () => tf.avgPool(x, spec.kernel, spec.kernel, "valid") };
    }
    case "maxUnpool2d": {
      const x = take("x");
      const size = x.shape.reduce((a, b) => a * b);
      return {
        run: () => {
          const { result, indexes } = tf.maxPoolWithArgmax(x, spec.kernel, spec.kernel, "valid", true);
          const count = result.shape.reduce((a, b) => a * b);
          return tf.reshape(tf.scatterND(tf.reshape(indexes, [count, 1]), tf.reshape(result, [count]), [size]), x.shape);
        },
      };
    }
    case "pyramidPool2d": {
      const x = take("x");
      return { run: () => spec.bins.map((bins) => tf.avgPool(x, x.shape[1]! / bins, x.shape[1]! / bins, "valid")) };
    }
    case "batchNorm2d": {
      const tensors = [take("x"), take("gamma"), take("beta")] as const;
      const forward = (x: TfTensor, gamma: TfTensor, beta: TfTensor): TfTensor => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5);
      };
      if (spec.direction === "forward") return { run: () => forward(...tensors) };
      const grad = take("grad");
      return { run: () => tf.grads(forward as (...xs: TfTensor[]) => TfTensor)(tensors, grad) };
    }
    case "resize": {
      const x = take("x");
      const resized = (input: TfTensor): TfTensor => tf.image.resizeBilinear(input, [x.shape[1]! * spec.scale, x.shape[2]! * spec.scale], false, true);
      if (spec.direction === "forward") return { run: () => resized(x) };
      const grad = take("grad");
      return { run: () => tf.grads(resized)([x], grad) };
    }
    case "softmax": {
      const x = take("x");
      return { run: () => tf.softmax(x) };
    }
    case "crossEntropy": {
      const [logits, labels] = [take("logits"), take("labels")];
      const loss = tf.valueAndGrad((x) => meanCrossEntropy(tf, x, labels));
      return {
        run: () => {
          const { value, grad } = loss(logits);
          return [value, grad];
        },
      };
    }
    case "concat": {
      const [a, b] = [take("a"), take("b")];
      return { run: () => tf.concat([a, b], -1) };
    }
    case "addRelu": {
      const [a, b] = [take("a"), take("b")];
      return { run: () => tf.relu(tf.add(a, b)) };
    }
    case "adam": return adam(tf, spec.learningRate, inputs, take);
  }
}

export const meanCrossEntropy = (tf: Tf, logits: TfTensor, labels: TfTensor): TfTensor => tf.losses.softmaxCrossEntropy(tf.oneHot(labels, logits.shape.at(-1)!, 1, 0, "float32"), logits);

let named = 0;
/** A variable of its own name: TensorFlow.js keeps a registry of them. */
export const uniqueVariable = (tf: Tf, value: TfTensor): ReturnType<Tf["variable"]> => tf.variable(value, true, `atrous-bench-${named++}`);

function adam(tf: Tf, learningRate: number, inputs: Inputs, take: Take): Computation {
  const names = Object.keys(inputs).filter((name) => name.startsWith("p"));
  const variables = names.map((name) => uniqueVariable(tf, take(name)));
  const gradients = Object.fromEntries(names.map((name, i) => [variables[i]!.name, take(name.replace("p", "g"))]));
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const run = (): TfTensor[] => {
    optimizer.applyGradients(gradients);
    return [];
  };
  return {
    run,
    result: async () => {
      run();
      return Promise.all(variables.map((variable) => variable.data()));
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose(variables);
    },
  };
}
