import type { Device } from "../../src/runtime/device.js";
import { openWrapped } from "./wrapped-device.js";

/** Calls that can be made to fail, and how: each gets arguments that WebGPU refuses. */
const faults = {
  createShaderModule: ([descriptor]) => [{ ...(descriptor as object), code: "this is not WGSL" }],
  createComputePipelineAsync: ([descriptor]) => {
    const { compute, ...rest } = descriptor as GPUComputePipelineDescriptor;
    return [{ ...rest, compute: { ...compute, entryPoint: "missing" } }];
  },
  createBindGroupLayout: () => [{ entries: [{ binding: 0, visibility: 4, buffer: {} }, { binding: 0, visibility: 4, buffer: {} }] }],
  createBindGroup: ([descriptor]) => [{ ...(descriptor as object), entries: [] }],
  createBuffer: ([descriptor]) => [{ ...(descriptor as object), usage: 1 | 128 }],
  writeBuffer: ([buffer, , data]) => [buffer, 2 ** 31, data],
  submit: (_, gpu) => {
    const encoder = gpu.createCommandEncoder();
    encoder.popDebugGroup();
    return [[encoder.finish()]];
  },
} satisfies Record<string, (args: unknown[], gpu: GPUDevice) => unknown[]>;

export type Fault = keyof typeof faults;
export const faultNames = Object.keys(faults) as Fault[];

export interface FaultyDevice {
  readonly device: Device;
  /** Lets the `k`-th call of this kind from now on (0: the next) fail. */
  arm(fault: Fault, k: number): void;
  /** Lets everything succeed again; returns whether the armed call was made. */
  disarm(): boolean;
}

/** A device on which one chosen call can be made to fail. */
export async function faultyDevice(): Promise<FaultyDevice> {
  const state = { fault: undefined as Fault | undefined, left: 0, fired: false };
  const device = await openWrapped({
    intercept(method, args, call, gpu) {
      if (method !== state.fault || state.left-- !== 0) return call(...args);
      state.fired = true;
      return call(...faults[state.fault](args, gpu));
    },
  });
  return {
    device,
    arm(fault, k) {
      state.fault = fault;
      state.left = k;
      state.fired = false;
    },
    disarm() {
      state.fault = undefined;
      return state.fired;
    },
  };
}
