import type { Device } from "../../src/runtime/device.js";
import { openWrapped } from "./wrapped-device.js";

/** What was asked of WebGPU since the last `reset`: calls by name, and bytes that were written. */
export interface Counts {
  readonly calls: ReadonlyMap<string, number>;
  /** Sizes of the writes from the host, in bytes. */
  readonly writes: readonly number[];
  /** Calls that make something: buffers, bind groups, pipelines, shader modules, layouts. */
  created(): Record<string, number>;
  reset(): void;
}

/** A device that counts. */
export async function countingDevice(): Promise<{ device: Device; counts: Counts }> {
  const calls = new Map<string, number>();
  const writes: number[] = [];
  const device = await openWrapped({
    intercept(method, args, call) {
      calls.set(method, (calls.get(method) ?? 0) + 1);
      if (method === "writeBuffer") {
        const [, , data, , size] = args as [GPUBuffer, number, ArrayBufferView, number?, number?];
        writes.push(size ?? data.byteLength);
      }
      return call(...args);
    },
  });
  return {
    device,
    counts: {
      calls,
      writes,
      created: () => Object.fromEntries([...calls].filter(([name]) => name.startsWith("create") && name !== "createCommandEncoder")),
      reset: () => {
        calls.clear();
        writes.length = 0;
      },
    },
  };
}
