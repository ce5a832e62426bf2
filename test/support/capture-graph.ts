import { Capture } from "../../src/graph/capture.js";
import type { Graph } from "../../src/graph/node.js";
import { Plan } from "../../src/graph/plan.js";
import type { Tensor } from "../../src/graph/tensor.js";
import type { Device } from "../../src/runtime/device.js";

type Pass = (graph: Graph) => Graph;
type Body = (...inputs: Tensor<"f32">[]) => readonly Tensor[];

/** What `body` records for arguments of these shapes (f32), before any pass. */
export function captureGraph(device: Device, shapes: readonly (readonly number[])[], body: Body): Graph {
  const capture = new Capture();
  capture.useDevice(device);
  let outputs: readonly Tensor[] = [];
  capture.run(() => (outputs = body(...shapes.map((shape) => capture.input(shape, "f32") as Tensor<"f32">))));
  return capture.graph(outputs.map((t) => capture.resume(() => capture.read(t, "test"))));
}

/** The names of the ops of a graph; of pointwise chains, the operations. */
export const opNames = (graph: Graph): string[] =>
  graph.nodes.map(({ op, options }) => (op.traits.pointwise ? (options as { program: [string][] }).program.map(([name]) => name).join("+") : op.name));

/** Runs a function with some passes as a plan and reads the results. */
export async function runWith(device: Device, inputs: readonly Tensor[], body: Body, ...passes: Pass[]): Promise<{ results: Float32Array[]; plan: Plan }> {
  const plan = new Plan(device, passes.reduce((g, pass) => pass(g), captureGraph(device, inputs.map((t) => t.shape), body)), "test");
  const outputs = plan.replay(inputs);
  const results = await Promise.all(outputs.map((t) => t.data() as Promise<Float32Array>));
  for (const t of outputs) t.dispose();
  return { results, plan };
}

/** The largest difference of two results. */
export const furthest = (a: readonly Float32Array[], b: readonly Float32Array[]): number =>
  Math.max(0, ...a.flatMap((values, i) => Array.from(values, (v, k) => Math.abs(v - b[i]![k]!))));
