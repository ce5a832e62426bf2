import { CaptureError, DeviceError } from "../runtime/errors.js";
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
interface Prepared {
  readonly plan: Plan;
  readonly result: unknown;
}

/** Captures `body`, rewrites the graph, and makes the plan. */
function prepare(capture: Capture, body: () => unknown, label: string): Prepared {
  const result = capture.run(body);
  const { device } = capture;
  if (!device) throw new CaptureError(`${label}: the function touches no tensor or parameter that is on a device.`);
  const outputs = tensorsIn(result).map((t) => capture.resume(() => capture.read(t, label)));
  return { plan: new Plan(device, optimise(capture.graph(outputs)), label), result };
}

/** The device of the arguments, if there are tensors among them. */
function deviceOf(label: string, tensors: readonly Tensor[]): Device | undefined {
  for (const [i, { storage }] of tensors.entries()) {
    if (!storage) throw new CaptureError(`${label}, input ${i}: this tensor belongs to a function that has been captured already. Return it from that function and use the result.`);
    storage.check(`${label}, input ${i}`);
    if (storage.device !== tensors[0]!.device) throw new DeviceError(`${label}: the arguments are on two devices. Copy with data() and tensor(device, …).`);
  }
  return tensors[0]?.device;
}

/**
 * Makes `fn` a plan: the first call with arguments of given shapes and dtypes runs it once with symbolic tensors,
 * optimises what it recorded, and every call replays that. JavaScript in `fn` runs only while capturing: loops
 * unroll, numbers are baked in, and tensors closed over are held. Inside another captured function it simply runs.
 *
 * @throws CaptureError when `fn` is async or reads a value
 */
// So that parameters without a type are tensors of any dtype: compile((image, mask) => …).
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function compile<A extends Tensor<any>[], R>(fn: (...args: A) => R): Compiled<A, R>;
export function compile<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R>;
export function compile<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const label = fn.name || "compiled function";
  const plans = new Set<Prepared>();
  const anywhere = new Map<string, Prepared[]>();
  const devices = new WeakMap<Device, Map<string, Prepared[]>>();

  const entryFor = (args: A): Prepared => {
    const tensors = tensorsIn(args);
    const device = deviceOf(label, tensors);
    const cache = device ? (devices.get(device) ?? devices.set(device, new Map()).get(device)!) : anywhere;
    const key = args.map(treeKey).join();
    for (const { plan } of [...(cache.get(key) ?? [])]) if (plan.broken) PlanCache.of(plan.device).drop(plan);
    const list = cache.get(key) ?? cache.set(key, []).get(key)!;
    let prepared = list.find(({ plan }) => plan.current);
    if (!prepared) {
      const capture = new Capture();
      if (device) capture.useDevice(device);
      prepared = prepare(capture, () => fn(...(mapTensors(args, (t) => capture.input(t.shape, t.dtype)) as A)), label);
      list.push(prepared);
      plans.add(prepared);
    }
    const found = prepared;
    PlanCache.of(found.plan.device).use(found.plan, () => {
      list.splice(list.indexOf(found), 1);
      plans.delete(found);
    });
    return found;
  };

  const call = (...args: A): R => {
    if (capturing()) return fn(...args);
    const { plan, result } = entryFor(args);
    const outputs = plan.replay(tensorsIn(args));
    let next = 0;
    return mapTensors(result, () => outputs[next++]!) as R;
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
