import type { Device } from "../runtime/device.js";
import { Capture } from "./capture.js";
import { fill, prepare, type Prepared } from "./compile.js";
import type { Graph, Value } from "./node.js";
import { Tensor } from "./tensor.js";
import { tensorsIn } from "./tree.js";
import { PlanCache } from "./plan-cache.js";

/** Identity of objects inside signatures (variables and guards are the same plan only if they are the same objects). */
const ids = new WeakMap<object, number>();
let nextId = 0;
const idOf = (object: object): number => ids.get(object) ?? ids.set(object, nextId++).get(object)!;

/** Runs `body` once as a plan of its own, cached by what it records: an eager call is a plan of one op. */
export function runEagerly<T>(body: () => T): T {
  const probe = new Capture();
  const result = probe.run(body);
  const held = [...probe.heldStorages.keys()];
  const values = [...probe.heldStorages.values()];
  const tensors = held.map((storage, i) => new Tensor(values[i]!.shape, values[i]!.dtype, { storage }));
  const device = probe.device!;
  const outputs = tensorsIn(result).map((t) => t.value!);
  const key = signature(probe.graph(outputs));
  const cache = cacheOf(device);
  let prepared = cache.get(key);
  if (prepared) PlanCache.of(device).use(prepared.plan);
  else {
    const capture = new Capture();
    capture.useDevice(device);
    // The tensors closed over become inputs, so that the plan serves other tensors of these shapes.
    capture.substitute(new Map(held.map((storage, i) => [storage, capture.input(values[i]!.shape, values[i]!.dtype).value!])));
    prepared = prepare(capture, body, probe.nodes.at(-1)?.op.name ?? "eager call");
    const made = prepared;
    cache.set(key, made);
    PlanCache.of(device).use(made.plan, () => void cache.delete(key));
  }
  return fill({ ...prepared, result }, prepared.plan.replay(tensors, probe.stepValues)) as T;
}

function cacheOf(device: Device): Map<string, Prepared> {
  return (device.attachments.get(runEagerly) ?? device.attachments.set(runEagerly, new Map()).get(runEagerly)) as Map<string, Prepared>;
}

/** A text that is equal for graphs that make the same plan. */
function signature(graph: Graph): string {
  const name = (value: Value | undefined): string => {
    if (!value) return "-";
    const source = value.source && ("variable" in value.source ? `v${idOf(value.source.variable)}` : "s");
    return `${source ?? ""}${value.id}:${value.dtype}[${value.shape.join()}]${value.home ? `@${idOf(value.home)}` : ""}`;
  };
  const nodes = graph.nodes.map((node) => [node.op.name, idOf(node.op), JSON.stringify(node.options), ...Object.entries(node.inputs).map(([k, v]) => k + name(v)), ">", ...Object.values(node.outputs).map(name)].join(" "));
  return [...nodes, "return", ...graph.outputs.map(name)].join("\n");
}
