import { describe, expect, test } from "vitest";
import { weightsOf } from "../../src/io/weights.js";
import { adamW, sgd } from "../../src/optim/index.js";
import { FileError } from "../../src/runtime/errors.js";
import type { TrainingEvent } from "../../src/train/events.js";
import { readLog } from "../../src/train/run-log.js";
import { memoryStorage } from "../../src/train/storage.js";
import { Trainer } from "../../src/train/trainer.js";
import { testDevice } from "../support/device.js";
import { memory, smallRun, smallUNet, squares, weights } from "./support.js";

describe("Trainer", () => {
  test("learns, tells what happens, keeps the best weights, and frees its memory", async () => {
    const device = await testDevice();
    using model = await smallUNet();
    const before = memory(device);
    const events: TrainingEvent[] = [];
    const storage = memoryStorage();
    const trainer = new Trainer({ ...smallRun, model, steps: 30, validateEvery: 10, augment: { flipHorizontal: true }, storage, callbacks: [(event) => void events.push(event)] });
    const result = await trainer.run();
    expect(result).toMatchObject({ steps: 30, reason: "finished" });
    expect(result.losses.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(result.losses.at(-1)!.loss).toBeLessThan(0.7 * result.losses[0]!.loss);
    expect(result.validations.map(({ step }) => step)).toEqual([10, 20, 30]);
    expect(result.best!.score).toBe(Math.max(...result.validations.map(({ score }) => score)));
    expect(events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])).toEqual([
      "start", "compiled", "step", "validating", "validation", "checkpoint", "step", "validating", "validation", "checkpoint", "step", "validating", "validation", "checkpoint", "end",
    ]);
    expect([...storage.files.keys()].sort()).toEqual(["checkpoint.safetensors", "log.jsonl", "weights.safetensors"]);
    const log = readLog(new TextDecoder().decode(storage.files.get("log.jsonl")));
    expect(log.filter(({ type }) => type === "step")).toHaveLength(30);
    expect(log.find(({ type }) => type === "validation")).toMatchObject({ step: 10, confusion: [expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)] });
    expect(model.training).toBe(false);
    await device.idle();
    expect(memory(device)).toEqual(before);
    await expect(trainer.run()).rejects.toThrow("A trainer runs once. Make another one to go on training.");
  });

  test("averages weights, on from a checkpoint too", async () => {
    const about = { ...smallRun, validation: undefined };
    const after = async (options: { steps: number; ema?: number; resume?: boolean }, storage = memoryStorage()): Promise<{ parameters: number[]; saved: Uint8Array | undefined }> => {
      using model = await smallUNet();
      await new Trainer({ ...about, ...options, model, storage }).run();
      const parameters = (await Promise.all(model.parameters().map((p) => p.data()))).flatMap((data) => [...data]);
      expect(storage.files.get("weights.safetensors")).toEqual(await weightsOf(model));
      return { parameters, saved: storage.files.get("weights.safetensors") };
    };
    const storage = memoryStorage();
    await after({ steps: 2, ema: 0.5 }, storage);
    const resumed = await after({ steps: 3, ema: 0.5, resume: true }, storage);
    const [one, two, three] = [await after({ steps: 1 }), await after({ steps: 2 }), await after({ steps: 3 })];
    expect(resumed.parameters).toEqual(three.parameters.map((w, i) => expect.closeTo(w / 2 + two.parameters[i]! / 4 + one.parameters[i]! / 4, 6)));
    expect((await after({ steps: 3, ema: 0.5 })).saved).toEqual(resumed.saved);
    using model = await smallUNet();
    const optimizer = adamW(model.parameters(), { learningRate: 0.01, ema: 0.5 });
    expect(() => new Trainer({ ...about, model, optimizer, learningRate: undefined, ema: 0.5 })).toThrow("Trainer: give ema to the optimizer, or leave the optimizer out.");
    const judged = await new Trainer({ ...smallRun, model, optimizer, learningRate: undefined, steps: 3 }).run();
    expect(judged.best?.step).toBe(3);
    expect((await Promise.all(model.parameters().map((p) => p.data()))).flatMap((data) => [...data])).toEqual(resumed.parameters);
    optimizer.dispose();
  });

  test("goes on after a stop bit for bit, log included", async () => {
    using whole = await smallUNet();
    const wholeStorage = memoryStorage();
    const augment = { flipVertical: true, rotate: 20, noise: 0.1 };
    const complete = await new Trainer({ ...smallRun, model: whole, augment, storage: wholeStorage }).run();

    const storage = memoryStorage();
    using half = await smallUNet();
    const first = await new Trainer({ ...smallRun, model: half, augment, storage, callbacks: [(event, trainer) => void (event.type === "step" && event.step === 2 && trainer.stop())] }).run();
    expect(first.reason).toBe("stopped");
    // The losses are read when the validation after step 3 is due, which is then left to the resumed run.
    expect(first).toMatchObject({ steps: 3, validations: [] });
    using rest = await smallUNet({});
    rest.to(await testDevice(), { seed: 77 });
    const second = await new Trainer({ ...smallRun, model: rest, augment, storage, resume: true }).run();
    expect(second).toMatchObject({ steps: 6, reason: "finished", best: complete.best });
    expect(await weights(rest)).toEqual(await weights(whole));
    expect(new TextDecoder().decode(storage.files.get("log.jsonl"))).toBe(new TextDecoder().decode(wholeStorage.files.get("log.jsonl")));
    expect(second.validations.map(({ scores }) => scores.costWeightedError({ c0: 1, c1: 2 }))).toEqual(complete.validations.map(({ scores }) => scores.costWeightedError({ c0: 1, c1: 2 })));
    expect(storage.files.get("weights.safetensors")).toEqual(wholeStorage.files.get("weights.safetensors"));

    using other = await smallUNet();
    await expect(new Trainer({ ...smallRun, model: other, augment, storage, resume: true, batchSize: 3 }).run()).rejects.toThrow(
      "memory/checkpoint.safetensors belongs to a run with batchSize 2, and this one has 3: it could not go on as if nothing had happened. Give the same options, or begin a new run.",
    );
  });

  test("averages the gradients of micro-batches as one large batch would", async () => {
    const run = { dataset: squares(8, 1), steps: 2, size: 16, seed: 5 };
    using large = await smallUNet({ norm: "none" });
    using small = await smallUNet({ norm: "none" });
    const one = await new Trainer({ ...run, model: large, batchSize: 4, optimizer: sgd(large.parameters(), { learningRate: 0.1 }) }).run();
    const two = await new Trainer({ ...run, model: small, batchSize: 2, accumulate: 2, optimizer: sgd(small.parameters(), { learningRate: 0.1 }) }).run();
    two.losses.forEach(({ loss }, i) => expect(loss).toBeCloseTo(one.losses[i]!.loss, 5));
    const [a, b] = [await weights(large), await weights(small)];
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeLessThan(1e-5);
  });

  test("stops at a loss that is not finite, names the step, and leaves the last good checkpoint", async () => {
    using model = await smallUNet({ norm: "none" });
    const storage = memoryStorage("run");
    const kept: Uint8Array[] = [];
    const trainer = new Trainer({
      model, dataset: smallRun.dataset, steps: 8, batchSize: 2, size: 16, storage, checkpointEvery: 2,
      optimizer: sgd(model.parameters(), { learningRate: (step) => (step < 2 ? 0.01 : 1e30) }),
      callbacks: [(event) => void (event.type === "checkpoint" && kept.push(storage.files.get("checkpoint.safetensors")!))],
    });
    await expect(trainer.run()).rejects.toThrow(
      /^The (loss is (NaN|Infinity)|gradient is not finite) at step 4 \(learning rate 1\.00e\+30\), so training stopped\. The checkpoint of step 2 \(run\/checkpoint\.safetensors\) is untouched\. A smaller learning rate, clipNorm/,
    );
    expect(kept).toHaveLength(1);
    expect(storage.files.get("checkpoint.safetensors")).toEqual(kept[0]);
  });

  test("ends when the score no longer rises, and when its signal is aborted", async () => {
    using model = await smallUNet();
    const { learningRate: _, ...run } = smallRun;
    const result = await new Trainer({ ...run, model, steps: 50, validateEvery: 1, patience: 2, score: () => 1, optimizer: adamW(model.parameters(), { learningRate: 0 }) }).run();
    expect(result).toMatchObject({ reason: "patience", steps: 3, best: { step: 1, score: 1 } });
    const aborted = await new Trainer({ ...smallRun, model, signal: AbortSignal.abort() }).run();
    expect(aborted).toMatchObject({ reason: "stopped", steps: 0 });
  });

  test("a storage that is full ends the run with its error, and leaves no memory behind", async () => {
    const device = await testDevice();
    using model = await smallUNet();
    const before = memory(device);
    const storage = { ...memoryStorage(), write: (file: string) => (file === "checkpoint.safetensors" ? Promise.reject(new FileError("run/checkpoint.safetensors could not be written: the disk is full.")) : Promise.resolve()) };
    await expect(new Trainer({ ...smallRun, model, storage }).run()).rejects.toThrow(new FileError("run/checkpoint.safetensors could not be written: the disk is full."));
    await device.idle();
    expect(memory(device)).toEqual(before);
  });

  test("says what is wrong with its options", async () => {
    using model = await smallUNet();
    const trainer = (options: object): (() => Trainer) => () => new Trainer({ ...smallRun, model, ...options } as never);
    expect(trainer({ batchsize: 2 })).toThrow('Trainer: unknown option "batchsize". Did you mean "batchSize"?');
    expect(trainer({ steps: 0 })).toThrow("Trainer: steps must be a whole number of at least 1, not 0.");
    expect(trainer({ loss: "hinge" })).toThrow('Trainer: loss must be "crossEntropy" or a function of logits and mask, not "hinge".');
    expect(trainer({ resume: true })).toThrow("Trainer: resume needs a storage to read the checkpoint from.");
    expect(trainer({ validation: undefined, patience: 1 })).toThrow("Trainer: patience needs a validation data set.");
    expect(trainer({ dataset: { length: 0, classes: smallRun.dataset.classes, get: () => undefined } })).toThrow("The training set is empty.");
    expect(trainer({ dataset: { length: 1, classes: [{ name: "all", color: [0, 0, 0] }], get: () => undefined } })).toThrow("The training set has 1 classes (all) but the network tells 2 apart.");
  });
});
