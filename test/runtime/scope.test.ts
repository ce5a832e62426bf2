import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { add, mul, relu } from "../../src/ops/pointwise.js";
import { testDevice } from "../support/device.js";

describe("device.scope", () => {
  test("disposes of what was made inside, except what it returns", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    const { kept, list } = device.scope(() => {
      const x = tensor(device, [1, -2]);
      const y = relu(mul(x, 2));
      return { kept: y, list: [add(y, 1)], text: "not a tensor" };
    });
    expect(device.memory().tensors).toBe(before + 2);
    expect([...(await kept.data()), ...(await list[0]!.data())]).toEqual([2, 0, 3, 1]);
    kept.dispose();
    list[0]!.dispose();
    expect(device.memory().tensors).toBe(before);
  });

  test("nests: what an inner scope returns belongs to the outer one", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    const read = device.scope(() => {
      const inner = device.scope(() => relu(tensor(device, [5])));
      const gone = device.scope(() => tensor(device, [6]));
      gone.dispose();
      return mul(inner, 2).data();
    });
    expect(device.memory().tensors).toBe(before);
    expect([...(await read)]).toEqual([10]);
  });

  test("gives everything back when its body throws, or is async", async () => {
    const device = await testDevice();
    const before = device.memory().tensors;
    expect(() => device.scope(() => {
      relu(tensor(device, [1]));
      throw new RangeError("mine");
    })).toThrow(RangeError);
    expect(() => device.scope(async () => {
      const x = tensor(device, [1]);
      await x.data();
      throw new Error("nobody hears this");
    })).toThrow("scope: the callback must not be async. Call tensor.data() inside and await it outside.");
    await device.idle();
    expect(device.memory().tensors).toBe(before);
  });
});
