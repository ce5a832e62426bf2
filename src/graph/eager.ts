import type { Device } from "../runtime/device.js";
import { CaptureError } from "../runtime/errors.js";
import { Capture } from "./capture.js";
import { nodeLabel } from "./describe.js";
import type { Graph, Value } from "./node.js";
import { optimise } from "./optimise.js";
import { Plan } from "./plan.js";
import { PlanCache } from "./plan-cache.js";
import { mapTensors, plainKey, tensorsIn } from "./tree.js";

/** Identity of objects inside signatures (graphs make the same plan only if their variables and ops are the same objects). */
const ids = new WeakMap<object, number>();
let nextId = 0;
const idOf = (object: object): number => ids.get(object) ?? ids.set(object, nextId++).get(object)!;

/** Runs `body` once as a plan of its own, cached by what it records: an eager call is a plan of one op. */
export function runEagerly<T>(body: () => T): T {
  const capture = new Capture({ eager: true });
  const result = capture.run(body);
  const last = capture.nodes.at(-1);
  const label = last ? nodeLabel(last) : "eager call";
  const outputs = tensorsIn(result).map((t) => capture.resume(() => capture.read(t, label)));
  const { device } = capture;
  if (!device) throw new CaptureError(`${label}: no tensor or parameter here is on a device. Call it inside compile(), or give it one.`);
  const inputs = capture.takeArguments();
  const key = signature(capture.graph(outputs));
  const plans = plansOf(device);
  const known = plans.get(key);
  if (known?.broken) PlanCache.of(device).drop(known);
  const plan = plans.get(key) ?? new Plan(device, optimise(capture.graph(outputs)), label);
  plans.set(key, plan);
  PlanCache.of(device).use(plan, () => plans.delete(key));
  const results = plan.replay(inputs, capture.stepValues);
  let next = 0;
  return mapTensors(result, () => results[next++]!) as T;
}

function plansOf(device: Device): Map<string, Plan> {
  return (device.attachments.get(runEagerly) ?? device.attachments.set(runEagerly, new Map()).get(runEagerly)) as Map<string, Plan>;
}

/** A text that is equal for graphs that make the same plan. */
function signature(graph: Graph): string {
  const name = (value: Value | undefined): string => {
    if (!value) return "-";
    const source = value.source && ("variable" in value.source ? `v${idOf(value.source.variable)}` : "s");
    return `${source ?? ""}${value.id}:${value.dtype}[${value.shape.join()}]${value.home ? `@${idOf(value.home)}` : ""}`;
  };
  const blocks = new Map<symbol, number>();
  const number = (block: symbol): number => blocks.get(block) ?? blocks.set(block, blocks.size).get(block)!;
  const nodes = graph.nodes.map((node) => [node.blocks.map(number).join("/"), node.op.name, idOf(node.op), plainKey(node.options), ...Object.entries(node.inputs).map(([k, v]) => k + name(v)), ">", ...Object.values(node.outputs).map(name)].join(" "));
  return [...nodes, "return", ...graph.outputs.map(name)].join("\n");
}
