import { CaptureError, DTypeError, GradientError, ShapeError } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { capturing } from "./current.js";
import { inputsOf, type Node, type Value } from "./node.js";
import { asTensor } from "./tensor.js";
import type { Tensor } from "./tensor.js";

/**
 * Adds to the function being captured the nodes that compute the gradients of `outputs` (contracted with `seeds`)
 * with respect to `wrt`. Undefined stands for zero: the output does not depend on that value.
 *
 * @param add sums two gradients of one value
 */
export function backward(outputs: readonly Value[], seeds: readonly Tensor[], wrt: readonly Value[], add: (a: Tensor, b: Tensor) => Tensor): (Tensor | undefined)[] {
  const capture = capturing();
  if (!capture) throw new CaptureError("backward: gradients are a rewrite of a captured function. Call it inside compile() or valueAndGrad().");
  if (capture.blocks.length > 0) throw new GradientError("backward: gradients cannot be taken inside a checkpointed block. Take them outside, of what checkpoint() returns.");
  for (const seed of seeds) capture.seed(capture.read(seed, "backward"));
  const wanted = dependents(capture.nodes, new Set(wrt));
  const grads = new Map<Value, Tensor>();
  const accumulate = (value: Value, grad: Tensor): void => {
    if (!sameShape(value.shape, grad.shape)) throw new ShapeError("backward", "a gradient must have the shape of its value", { value: value.shape, gradient: grad.shape });
    if (value.dtype !== grad.dtype) throw new DTypeError(`backward: the gradient of a value must have its dtype, ${value.dtype}, but is ${grad.dtype}. Convert with cast(gradient, "${value.dtype}").`);
    const sum = grads.get(value);
    grads.set(value, sum ? add(sum, grad) : grad);
  };
  outputs.forEach((output, i) => accumulate(output, seeds[i]!));

  for (const node of capture.nodes.slice().reverse()) {
    const arriving = Object.fromEntries(Object.entries(node.outputs).map(([name, value]) => [name, grads.get(value)]));
    if (Object.values(arriving).every((grad) => grad === undefined)) continue;
    for (const [name, input] of Object.entries(node.inputs)) {
      if (!input || !wanted.has(input)) continue;
      const grad = capture.inBlocks(node.blocks, () => gradientOf(node, name, arriving));
      if (grad) accumulate(input, grad);
    }
  }
  return wrt.map((value) => grads.get(value));
}

function gradientOf(node: Node, input: string, arriving: Record<string, Tensor | undefined>): Tensor | undefined {
  // Ops with numbered inputs (x0, x1, …) give one rule for all of them, under "x".
  const rule = node.op.gradient[input] !== undefined || !/^x\d+$/.test(input) ? node.op.gradient[input] : node.op.gradient["x"];
  if (rule === null) return undefined;
  if (!rule) throw new GradientError(`${node.op.name}: the gradient with respect to "${input}" is not defined. Keep parameters out of it, or use an operator that has it.`);
  const tensors = (values: Record<string, Value | undefined>): Record<string, Tensor | undefined> => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value && asTensor(value)]));
  const outputs = tensors(node.outputs);
  return rule(node.single ? arriving["out"] : arriving, tensors(node.inputs), node.options, node.single ? outputs["out"] : outputs, input);
}

/** Every value that depends on one of `roots`, and the roots. */
function dependents(nodes: readonly Node[], roots: ReadonlySet<Value>): Set<Value> {
  const found = new Set(roots);
  for (const node of nodes) if (inputsOf(node).some((value) => found.has(value))) Object.values(node.outputs).forEach((value) => found.add(value));
  return found;
}
