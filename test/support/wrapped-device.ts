import { Device } from "../../src/runtime/device.js";
import { newAdapter } from "./device.js";

/** Stands between the library and WebGPU. */
export interface Hooks {
  /**
   * Called for every method of the GPUDevice ("createBuffer") and of its queue ("submit"); `call` is the real one.
   * What it returns is what the library gets.
   */
  intercept?(method: string, args: unknown[], call: (...args: unknown[]) => unknown, gpu: GPUDevice): unknown;
  /** Limits that the device claims to have. */
  limits?: Record<string, number>;
}

function wrap<T extends object>(target: T, special: (name: string | symbol, value: unknown) => unknown): T {
  return new Proxy(target, {
    get: (_, name) => special(name, Reflect.get(target, name, target)),
    set: (_, name, value) => Reflect.set(target, name, value, target),
  });
}

type Method = (...args: unknown[]) => unknown;

function wrapDevice(gpu: GPUDevice, { intercept, limits = {} }: Hooks): GPUDevice {
  const method = (owner: object, name: string | symbol, value: unknown): unknown => {
    if (typeof value !== "function") return value;
    const call: Method = (...args) => (value as Method).apply(owner, args);
    return (...args: unknown[]) => (intercept ? intercept(String(name), args, call, gpu) : call(...args));
  };
  const queue = wrap(gpu.queue, (name, value) => method(gpu.queue, name, value));
  const small = wrap(gpu.limits, (name, value) => limits[String(name)] ?? value);
  return wrap(gpu, (name, value) => (name === "queue" ? queue : name === "limits" ? small : method(gpu, name, value)));
}

/** A device of its own with `hooks` between it and the library. */
export async function openWrapped(hooks: Hooks): Promise<Device> {
  const adapter = await newAdapter();
  const wrapped = wrap(adapter, (name, value) => {
    if (name === "requestDevice") return async (descriptor: GPUDeviceDescriptor) => wrapDevice(await adapter.requestDevice(descriptor), hooks);
    return typeof value === "function" ? value.bind(adapter) : value;
  });
  return Device.open(wrapped);
}
