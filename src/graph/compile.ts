import { AtrousError, CaptureError } from "../runtime/errors.js";
import type { Device } from "../runtime/device.js";
import { capturing } from "./current.js";
import { Capture } from "./capture.js";
import { optimise } from "./optimise.js";
import { PlanCache } from "./plan-cache.js";
import { Plan } from "./plan.js";
import type { Tensor } from "./tensor.js";
import { mapTensors, tensorsIn, treeKey } from "./tree.js";

/** A captured function: calling it replays a plan. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** Captures and compiles for arguments like these without running; resolves when every pipeline is ready. */
  prepare(...args: A): Promise<Plan>;
  /** The plan for arguments like these. */
  plan(...args: A): Plan;
  /** Drops the plans. */
  dispose(): void;
}

/** A plan with what the function returned, tensors symbolic. */
export interface Prepared {
  readonly plan: Plan;
  readonly result: unknown;
}

/** Captures `body`, rewrites the graph, and makes the plan. `device` is used when nothing in the function names one. */
export function prepare(capture: Capture, body: () => unknown, label: string): Prepared {
  const result = capture.run(body);
  const device = capture.device;
  if (!device) throw new CaptureError(`${label}: the function touches no tensor or parameter that is on a device.`);
  const outputs = tensorsIn(result).map((t) => capture.resume(() => capture.read(t, label)));
  const graph = optimise(capture.graph(outputs));
  return { plan: new Plan(device, graph, label), result };
}

/** The function's result with symbolic tensors replaced by what a replay returned. */
export function fill({ result }: Prepared, outputs: readonly Tensor[]): unknown {
  let i = 0;
  return mapTensors(result, () => outputs[i++]!);
}

/**
 * Makes `fn` a plan: the first call with arguments of given shapes and dtypes runs it once with symbolic tensors,
 * optimises what it recorded, and every call replays that. JavaScript in `fn` runs only while capturing: loops
 * unroll, numbers are baked in, and tensors closed over are held. Inside another captured function it simply runs.
 *
 * @throws CaptureError when `fn` is async or reads a value
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const label = fn.name || "compiled function";
  const plans = new Set<Prepared>();
  const anywhere = new Map<string, Prepared[]>();
  const devices = new WeakMap<Device, Map<string, Prepared[]>>();

  const entryFor = (args: A): Prepared => {
    const tensors = tensorsIn(args);
    const device = tensors[0]?.device;
    const cache = device ? (devices.get(device) ?? devices.set(device, new Map()).get(device)!) : anywhere;
    const key = args.map(treeKey).join();
    const known = cache.get(key)?.find(({ plan }) => plan.graph.capture.guards.every(({ get, value }) => get() === value));
    if (known) {
      PlanCache.of(known.plan.device).use(known.plan);
      return known;
    }
    const capture = new Capture();
    if (device) capture.useDevice(device);
    const prepared = prepare(capture, () => fn(...(mapTensors(args, (t) => capture.input(t.shape, t.dtype)) as A)), label);
    const list = cache.get(key) ?? cache.set(key, []).get(key)!;
    list.push(prepared);
    plans.add(prepared);
    PlanCache.of(prepared.plan.device).use(prepared.plan, () => {
      list.splice(list.indexOf(prepared), 1);
      plans.delete(prepared);
    });
    return prepared;
  };

  const call = (...args: A): R => {
    if (capturing()) return fn(...args);
    const prepared = entryFor(args);
    const tensors = tensorsIn(args);
    const stray = tensors.find((t) => t.device !== prepared.plan.device);
    if (stray) throw new AtrousError(`${label}: an argument is on another device than the function's parameters.`);
    return fill(prepared, prepared.plan.replay(tensors)) as R;
  };
  return Object.assign(call, {
    prepare: async (...args: A): Promise<Plan> => {
      const { plan } = entryFor(args);
      await plan.ready;
      return plan;
    },
    plan: (...args: A): Plan => entryFor(args).plan,
    dispose: (): void => {
      for (const { plan } of [...plans]) PlanCache.of(plan.device).drop(plan);
    },
  });
}
