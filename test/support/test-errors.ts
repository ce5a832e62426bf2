import { describe, expect, test } from "vitest";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { AtrousError } from "../../src/runtime/errors.js";
import { testDevice } from "./device.js";
import { makeInput, toTyped, type InputSpec } from "./inputs.js";
import { random } from "./random.js";

/** A call that must fail: what is wrong, the inputs, the call, and the message, word for word. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ErrorCase = [title: string, inputs: Record<string, InputSpec>, call: (inputs: Record<string, Tensor<any>>) => unknown, message: string];

/** Registers one test per call that must be refused with exactly this text. */
export function testErrors(name: string, cases: readonly ErrorCase[]): void {
  describe(`${name} refuses`, () => {
    test.each(cases)("%s", async (_title, specs, call, message) => {
      const device = await testDevice();
      const tensors = Object.fromEntries(
        Object.entries(specs).map(([k, spec]) => {
          const { dtype, value } = makeInput(spec, random(k));
          return [k, tensor(device, toTyped(value, dtype), value.shape)];
        }),
      );
      let error: unknown;
      try {
        call(tensors);
      } catch (caught) {
        error = caught;
      }
      for (const t of Object.values(tensors)) t.dispose();
      expect(error).toBeInstanceOf(AtrousError);
      expect((error as Error).message).toBe(message);
    });
  });
}
