import { inputsOf, type Node } from "../graph/node.js";
import { Parameter } from "../graph/parameter.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import type { SegmentationModel } from "./segmentation-model.js";

/** One operator of a model, as an evaluation runs it. */
export interface LayerSummary {
  /** Path of the layer whose parameters it reads, "" where there are none. */
  readonly layer: string;
  readonly op: string;
  readonly shape: Shape;
  /** Values of its parameters; those of a layer that is used twice count once. */
  readonly parameters: number;
  /** Multiply-adds of convolutions and matrix products. */
  readonly macs: number;
}

export interface ModelSummary {
  readonly model: string;
  readonly input: Shape;
  readonly layers: readonly LayerSummary[];
  readonly output: Shape;
  readonly parameters: number;
  /** Those of the parameters that training changes: all but frozen ones and fixed ones, such as FCN's bilinear upsampling. */
  readonly trainable: number;
  readonly macs: number;
  /** The table as text. */
  toString(): string;
}

/** Operators that are called otherwise where a user meets them. */
const names: Record<string, string> = { conv2dInputGradient: "convTranspose2d", batchNormInference: "batchNorm2d" };

/** Multiply-adds of one node; other operators than convolutions and matrix products have none. */
function macsOf({ op, inputs, outputs }: Node): number {
  const out = outputs["out"];
  const [x, weight] = [inputs["x"] ?? inputs["a"] ?? inputs["grad"], inputs["weight"]];
  if (!out || !x) return 0;
  if (op.name === "matmul") return sizeOf(out.shape) * x.shape.at(-1)!;
  if (!weight || !/^conv/.test(op.name)) return 0;
  // A kernel sweeps over outputs, a transposed one over inputs; the weight's first axis is the swept map's channels.
  const swept = op.name === "conv2d" ? out : x;
  return sizeOf(swept.shape) * sizeOf(weight.shape.slice(1));
}

/**
 * What a model is made of and what an input of this shape costs: every operator with its output's shape, parameters
 * and multiply-adds. Needs no device. Print the result, or read its fields.
 *
 *     console.log(String(summary(new UNet({ classes: 2 }), [1, 256, 256, 3])));
 *
 * @param shape [N, H, W, inChannels]
 * @throws ShapeError when the input does not fit the model
 */
export function summary(model: SegmentationModel, shape: Shape): ModelSummary {
  const graph = model.trace(shape);
  const paths = new Map([...model.namedVariables()].map(([path, variable]) => [variable as object, path]));
  const counted = new Set<object>();
  const layers = graph.nodes.filter(({ op }) => op.name !== "constant" && op.name !== "reshape").map((node): LayerSummary => {
    let [layer, parameters] = ["", 0];
    for (const value of inputsOf(node)) {
      const variable = value.home;
      if (!variable) continue;
      layer ||= paths.get(variable)!.replace(/\.?[^.]*$/, "");
      if (variable instanceof Parameter && !counted.has(variable)) parameters += variable.size;
      counted.add(variable);
    }
    const { program } = node.options as { program?: readonly [string][] };
    const op = program?.at(-1)?.[0] ?? names[node.op.name] ?? node.op.name;
    return { layer, op, shape: Object.values(node.outputs)[0]!.shape, parameters, macs: macsOf(node) };
  });
  const result = {
    model: model.constructor.name,
    input: [...shape],
    layers,
    output: graph.outputs[0]!.shape,
    parameters: model.parameterCount(),
    trainable: model.parameterCount({ trainable: true }),
    macs: layers.reduce((sum, { macs }) => sum + macs, 0),
  };
  return { ...result, toString: () => table(result) };
}

const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const size = (shape: Shape): string => `[${shape.join(", ")}]`;

function table({ model, input, output, layers, parameters, trainable, macs }: Omit<ModelSummary, "toString">): string {
  const head = ["layer", "operator", "output", "parameters", "multiply-adds"];
  const rows = layers.map((l) => [l.layer, l.op, size(l.shape), ...[l.parameters, l.macs].map((n) => (n ? thousands(n) : ""))]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ").trimEnd();
  return [
    `${model}: ${size(input)} → ${size(output)}, ${thousands(parameters)} parameters${trainable < parameters ? ` (${thousands(parameters - trainable)} of them fixed)` : ""}, ${(macs / 1e9).toFixed(3)} billion multiply-adds`,
    "", line(head), ...rows.map(line),
  ].join("\n");
}
