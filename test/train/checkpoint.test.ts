import { expect, test } from "vitest";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { adamW } from "../../src/optim/index.js";
import { applySnapshot, readCheckpoint, takeSnapshot, writeCheckpoint, type Checkpoint, type Progress } from "../../src/train/checkpoint.js";
import { smallUNet } from "./support.js";

const progress: Progress = { step: 3, random: { seed: 1, step: 2 }, best: null, sinceBest: 0, validatedAt: 0, adapter: "any", course: { seed: 1 }, notes: { mine: true } };

test("a checkpoint comes back as it was", async () => {
  using model = await smallUNet();
  using optimizer = adamW(model.parameters(), { learningRate: 1 });
  const checkpoint: Checkpoint = { progress, model: await takeSnapshot(model), optimizer: (await optimizer.state()).tensors, best: undefined };
  const back = readCheckpoint(writeCheckpoint(checkpoint));
  expect(back.progress).toEqual(progress);
  expect(new Map([...back.model].sort())).toEqual(new Map([...checkpoint.model].sort()));
  expect(new Map([...back.optimizer].sort())).toEqual(new Map([...checkpoint.optimizer].sort()));
  expect(back.best).toBeUndefined();
});

test("what is no checkpoint, or one of another model, is refused", async () => {
  expect(() => readCheckpoint(new Uint8Array(3), "run/checkpoint.safetensors")).toThrow("run/checkpoint.safetensors cannot be read as safetensors: it is cut off after 3 bytes.");
  expect(() => readCheckpoint(writeSafetensors(new Map(), { format: "pt" }), "w.safetensors")).toThrow("w.safetensors is no training checkpoint (a weights file, perhaps): training cannot be resumed from it.");
  expect(() => readCheckpoint(writeSafetensors(new Map(), { format: "atrous-checkpoint", formatVersion: "9" }), "c")).toThrow("c has version 9 of the checkpoint format, and this library reads version 1.");
  using narrow = await smallUNet();
  using wide = await smallUNet({ widths: [8, 16] });
  const snapshot = await takeSnapshot(narrow);
  expect(() => applySnapshot(wide, snapshot, "c")).toThrow('c is of another model: it holds no "inc.double_conv.0.weight" of 216 values. Make the model with the options that the run began with.');
});
