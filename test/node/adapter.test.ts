import { expect, test } from "vitest";
import { openAdapter } from "../../src/node.js";
import { DeviceError, OptionError } from "../../src/runtime/errors.js";

test("an unknown adapter is refused with the names there are", async () => {
  const opened = openAdapter({ adapter: "cuda" as "gpu" });
  await expect(opened).rejects.toThrow(OptionError);
  await expect(opened).rejects.toThrow('createDevice: there is no adapter "cuda". Choose one of gpu, lavapipe, swiftshader, or leave it out.');
});

test('"gpu" never opens a software adapter', async () => {
  const opened = await openAdapter({ adapter: "gpu" }).catch((error: unknown) => error);
  if (opened instanceof Error) {
    expect(opened).toBeInstanceOf(DeviceError);
    expect(opened.message).toMatch(/^No GPU was found.*: install the Vulkan driver of your GPU, or leave ATROUS_ADAPTER empty to run on the CPU\.$/);
  } else expect(opened).toMatchObject({ software: false });
});

test("an adapter can be opened again, and again says what it is", async () => {
  const [a, b] = [await openAdapter(), await openAdapter()];
  expect(a.adapter).not.toBe(b.adapter);
  expect({ ...a, adapter: 0 }).toEqual({ ...b, adapter: 0 });
});
