import type { Absent } from "../contender.js";
import type { Inputs, Plain, Spec, UNetSpec } from "../spec.js";
import { permute, permuted, toNCHW, toNHWC } from "./layout.js";
import type { Attribute, OnnxGraph, OnnxNode, OnnxTensor } from "./onnx.js";
import { unet, unetRoles } from "./unet.js";

/** A graph in ONNX's layout NCHW, with what to feed it and how its outputs go back to the layout of the house. */
export interface OrtComputation extends OnnxGraph {
  readonly feeds: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
  readonly back?: readonly number[];
}

/** OHWI → OIHW; transposed [in, kh, kw, out] → [in, out, kh, kw]. */
const weightOrder = [0, 3, 1, 2] as const;

const inferenceOnly: Absent = { absent: "ONNX Runtime's WebGPU backend does not train" };

/** Collects nodes and constants of a graph. */
class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  readonly feeds: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  readonly #given: Inputs;

  constructor(given: Inputs) {
    this.#given = given;
  }

  #moved(name: string, order?: readonly number[]): { shape: readonly number[]; data: Float32Array } {
    const { shape, data } = this.#given[name] as Plain & { data: Float32Array };
    return order ? { shape: permuted(shape, order), data: permute(data, shape, order) } : { shape, data };
  }

  /** An input of the graph, fed from GPU memory. */
  feed(name: string, order?: readonly number[]): string {
    this.feeds[name] = this.#moved(name, order);
    return name;
  }

  /** Weights are part of the model, as they are in every ONNX file. */
  weight(name: string, order?: readonly number[]): string {
    this.constants.push({ name, ...this.#moved(name, order) });
    return name;
  }

  constant(data: Float32Array): string {
    const name = `constant${this.constants.length}`;
    this.constants.push({ name, shape: [data.length], data });
    return name;
  }

  node(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const output = `t${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  done(outputs: readonly string[], back?: readonly number[]): OrtComputation {
    const inputs = Object.entries(this.feeds).map(([name, { shape }]) => ({ name, shape }));
    return { nodes: this.nodes, constants: this.constants, inputs, outputs, feeds: this.feeds, ...(back && { back }) };
  }
}

const square = (k: number): number[] => [k, k];
const window = (k: number): Record<string, Attribute> => ({ kernel_shape: square(k), strides: square(k) });

function network(g: GraphBuilder, { levels, what }: UNetSpec, inputs: Inputs): OrtComputation | Absent {
  if (what !== "logits") return inferenceOnly;
  const weights = unetRoles(levels).map((role, i) => g.weight(`w${i}`, role === "bias" ? undefined : weightOrder));
  const out = unet<string>(g.feed("image", toNCHW), weights, levels, {
    conv: (x, weight, bias, relu) => {
      const kernel = inputs[weight]!.shape[1]!;
      const pad = (kernel - 1) / 2;
      const y = g.node("Conv", [x, weight, bias], { kernel_shape: square(kernel), pads: [pad, pad, pad, pad] });
      return relu ? g.node("Relu", [y]) : y;
    },
    pool: (x) => g.node("MaxPool", [x], window(2)),
    up: (x, weight, bias) => g.node("ConvTranspose", [x, weight, bias], window(2)),
    concat: (a, b) => g.node("Concat", [a, b], { axis: 1 }),
  });
  return g.done([out], toNHWC);
}

/** A case as an ONNX graph. */
export function ortGraph(spec: Spec, inputs: Inputs): OrtComputation | Absent {
  const g = new GraphBuilder(inputs);
  switch (spec.kind) {
    case "unet": return network(g, spec, inputs);
    case "matmul": return g.done([g.node("MatMul", [g.feed("a"), g.feed("b")])]);
    case "conv2d": {
      const { stride, padding, dilation, groups, direction } = spec;
      if (direction !== "forward") return inferenceOnly;
      const kernel = inputs["weight"]!.shape[1]!;
      const attributes = { kernel_shape: square(kernel), strides: square(stride), pads: [padding, padding, padding, padding], dilations: square(dilation), group: groups };
      return g.done([g.node("Conv", [g.feed("x", toNCHW), g.weight("weight", weightOrder)], attributes)], toNHWC);
    }
    case "convTranspose2d": return g.done([g.node("ConvTranspose", [g.feed("x", toNCHW), g.weight("weight", weightOrder)], window(spec.stride))], toNHWC);
    case "maxPool2d": return g.done([g.node("MaxPool", [g.feed("x", toNCHW)], window(spec.kernel))], toNHWC);
    case "avgPool2d": return g.done([g.node("AveragePool", [g.feed("x", toNCHW)], window(spec.kernel))], toNHWC);
    case "pyramidPool2d": {
      const x = g.feed("x", toNCHW);
      return g.done(spec.bins.map((bins) => g.node("AveragePool", [x], window(inputs["x"]!.shape[1]! / bins))), toNHWC);
    }
    case "resize": {
      if (spec.direction !== "forward") return inferenceOnly;
      const scales = g.constant(Float32Array.of(1, 1, spec.scale, spec.scale));
      return g.done([g.node("Resize", [g.feed("x", toNCHW), "", scales], { mode: "linear", coordinate_transformation_mode: "half_pixel" })], toNHWC);
    }
    case "softmax": return g.done([g.node("Softmax", [g.feed("x")], { axis: -1 })]);
    case "concat": return g.done([g.node("Concat", [g.feed("a", toNCHW), g.feed("b", toNCHW)], { axis: 1 })], toNHWC);
    case "addRelu": return g.done([g.node("Relu", [g.node("Add", [g.feed("a"), g.feed("b")])])]);
    case "maxUnpool2d": return { absent: "ONNX Runtime's WebGPU backend has no MaxUnpool" };
    case "batchNorm2d": case "crossEntropy": case "adam": return inferenceOnly;
  }
}
