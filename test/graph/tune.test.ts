import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { calibrate, tune } from "../../src/graph/tune.js";
import { tuningOf, useTuning, withTuning } from "../../src/kernels/tuning.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { matmul } from "../../src/ops/matmul.js";
import { reshape } from "../../src/ops/reshape.js";
import { memoryStorage } from "../../src/train/storage.js";
import { Trainer } from "../../src/train/trainer.js";
import { UNet } from "../../src/models/unet.js";
import { smallRun } from "../train/support.js";
import { heldMemory, newDevice } from "../support/device.js";
import { tier } from "../support/tier.js";

const network = (x: Tensor<"f32">, kernel: Tensor<"f32">): Tensor => matmul(reshape(conv2d(x, kernel, { padding: 1 }), [1, 64, 16]), reshape(x, [1, 64, 8]), { transposeA: true });
const numbers = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.sin(i));
const convolution = "conv2d f32[1,8,8,8] f32[16,3,3,8] 1,1 1,1,1,1 1,1 1 none";
const product = "matmul f32[1,64,16] f32[1,64,8] true false";

describe("tune", () => {
  test("measures each geometry once, and changes nothing by itself", async () => {
    const device = await newDevice();
    using x = tensor(device, numbers(512), [1, 8, 8, 8]);
    using kernel = tensor(device, numbers(1152), [16, 3, 3, 8]);
    const run = compile(network);
    const before = heldMemory(device);
    const tuning = await tune(device, network, [x, kernel], { budget: 1e5 });
    expect(heldMemory(device)).toEqual(before);
    expect(Object.keys(tuning.choices).sort()).toEqual([convolution, product]);
    expect(device.adapter.tuning).toBeUndefined();
    expect((await tune(device, { forward: network }, [x, kernel], { budget: 1e-6 })).choices).toEqual({});

    const names = (): string[] => run.plan(x, kernel).program.calls.map(({ shader, entry }) => `${shader.name}.${entry}`);
    using expected = run(x, kernel);
    run.dispose();
    useTuning(device, { ...(JSON.parse(JSON.stringify(tuning)) as typeof tuning), choices: { [convolution]: "direct:blocks", [product]: "direct" } });
    expect(names()).toEqual(["conv2d-pack.pack", "conv2d-direct.forward", "matmul-columns.forward"]);
    using blocks = run(x, kernel);
    const near = [...(await expected.data())].map((v): unknown => expect.closeTo(v, 3));
    expect([...(await blocks.data())]).toEqual(near);
    run.dispose();
    useTuning(device, { ...tuning, choices: { [convolution]: "direct:columns", [product]: "rows" } });
    expect(names()).toEqual(["conv2d-pack.pack", "conv2d-columns.spread4", "conv2d-columns.forward", "matmul.direct"]);
    using columns = run(x, kernel);
    expect([...(await columns.data())]).toEqual(near);
    // Known already: nothing is left to measure.
    expect(await tune(device, run, [x, kernel])).toEqual(tuningOf(device));
    await expect(tune(device, run, [x, kernel], { budget: 0 })).rejects.toThrow("tune: budget must be a number of milliseconds above 0, not 0.");
    await device.destroy();
  });

  test("a table is for one adapter and one version of the kernels, and part of a training run", async () => {
    const device = await newDevice();
    // Calibrating takes SwiftShader a minute.
    using x = tensor(device, numbers(512), [1, 8, 8, 8]);
    using kernel = tensor(device, numbers(1152), [16, 3, 3, 8]);
    const tuning = tier() === "full" ? await calibrate(device) : { ...(await tune(device, network, [x, kernel], { budget: 1e-6 })), filling: 1024 };
    expect(Math.log2(tuning.filling!) % 1).toBe(0);
    expect(() => useTuning(device, { ...tuning, adapter: "Voodoo 2" })).toThrow(/^tuning was measured on "Voodoo 2" and this adapter is ".+"\. Run tune here\.$/);
    await expect(withTuning(await newDevice(), { ...tuning, kernels: "old" })).rejects.toThrow("tuning was measured with the kernels of another version of the library. Run tune again.");
    expect(() => useTuning(device, {} as never)).toThrow("tuning must be a table that tune or calibrate made.");

    using model = new UNet({ inChannels: 3, classes: 2, widths: [4, 8] }).to(device, { seed: 1 });
    const about = { ...smallRun, validation: undefined, model, storage: memoryStorage() };
    await new Trainer({ ...about, steps: 1 }).run();
    useTuning(device, { ...tuning, filling: 2048 });
    await expect(new Trainer({ ...about, steps: 2, resume: true }).run()).rejects.toThrow('memory/checkpoint.safetensors belongs to a run with tuning nothing, and this one has {"choices":{},"filling":2048}');
    await device.destroy();
  });
});
