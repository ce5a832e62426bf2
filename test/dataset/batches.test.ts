import { describe, expect, it } from "vitest";
import { batches, type BatchOptions, type HostBatch } from "../../src/data/batches.js";
import { datasetOf, type Dataset, type Sample } from "../../src/data/dataset.js";
import { classList } from "../../src/models/class-info.js";
import { DataError, OptionError } from "../../src/runtime/errors.js";

const classes = classList(["a", "b"]);

/** Sample `i` is a flat image of value i. */
function flat(i: number, width = 4, height = 3): Sample {
  return { name: `s${i}`, width, height, image: new Uint8Array(width * height * 3).fill(i), mask: new Uint8Array(width * height).fill(i % 2) };
}

const ten = datasetOf(Array.from({ length: 10 }, (_, i) => flat(i)), classes);

async function take(dataset: Dataset, options: BatchOptions, count = Infinity): Promise<HostBatch[]> {
  const list: HostBatch[] = [];
  for await (const batch of batches(dataset, options)) if (list.push(batch) >= count) break;
  return list;
}

const names = (list: HostBatch[]): string[] => list.flatMap((batch) => batch.names);
const augment = { flipHorizontal: true, rotate: 15, scale: [0.8, 1.2], noise: 0.1, brightness: 0.2 } as const;

describe("batches", () => {
  it("runs through one epoch, the last batch smaller, or left out", async () => {
    const list = await take(ten, { batchSize: 4, epoch: 0 });
    expect(list.map(({ count }) => count)).toEqual([4, 4, 2]);
    expect(names(list).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `s${i}`));
    expect(names(list)).not.toEqual(Array.from({ length: 10 }, (_, i) => `s${i}`));
    expect((await take(ten, { batchSize: 4, epoch: 0, dropLast: true })).map(({ count }) => count)).toEqual([4, 4]);
    expect(names(await take(ten, { batchSize: 4, epoch: 0, shuffle: false }))[7]).toBe("s7");
    expect(list[2]!.images).toHaveLength(2 * 3 * 4 * 3);
  });

  it("puts image and mask where they belong", async () => {
    const [batch] = await take(ten, { batchSize: 3, epoch: 0, shuffle: false });
    expect([...batch!.images.subarray(36, 72)]).toEqual(Array(36).fill(1));
    expect([...batch!.masks]).toEqual([...Array(12).fill(0), ...Array(12).fill(1), ...Array(12).fill(0)]);
  });

  it("goes on without end, batches always full, each sample once per epoch", async () => {
    const list = await take(ten, { batchSize: 4 }, 5);
    expect(list.map(({ count }) => count)).toEqual([4, 4, 4, 4, 4]);
    const order = names(list);
    expect(new Set(order.slice(0, 10)).size).toBe(10);
    expect(new Set(order.slice(10)).size).toBe(10);
    expect(order.slice(10)).not.toEqual(order.slice(0, 10));
  });

  it("continues from { seed, step } with the same bits", async () => {
    const options: BatchOptions = { batchSize: 4, size: [5, 6], seed: 11, augment };
    const whole = await take(ten, options, 8);
    const stream = batches(ten, options);
    for await (const batch of stream) if (batch.step === 2) break;
    expect(stream.state).toEqual({ seed: 11, step: 3 });
    const rest = await take(ten, { ...options, seed: stream.state.seed, startStep: stream.state.step }, 5);
    expect(rest).toEqual(whole.slice(3));
    const again: HostBatch[] = [];
    for await (const batch of stream) if (again.push(batch) === 5) break;
    expect(again).toEqual(whole.slice(3));
    expect((await take(ten, { ...options, seed: 12 }, 1))[0]).not.toEqual(whole[0]);
  });

  it("is the same with and without preparing ahead", async () => {
    const options: BatchOptions = { batchSize: 3, size: [5, 6], augment, epoch: 2 };
    expect(await take(ten, { ...options, prefetch: 0 })).toEqual(await take(ten, { ...options, prefetch: 5 }));
  });

  it("prepares ahead, and no further than it should", async () => {
    const asked: number[] = [];
    const dataset: Dataset = { length: 100, classes, get: async (i) => (asked.push(i), flat(i)) };
    const iterator = batches(dataset, { batchSize: 2, shuffle: false, prefetch: 2 })[Symbol.asyncIterator]();
    await iterator.next();
    expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
    await iterator.return!();
  });

  it("keeps order when samples arrive out of order", async () => {
    const dataset: Dataset = { length: 8, classes, get: (i) => new Promise((resolve) => setTimeout(() => resolve(flat(i)), (8 - i) * 3)) };
    expect(names(await take(dataset, { batchSize: 2, shuffle: false, epoch: 0 }))).toEqual(Array.from({ length: 8 }, (_, i) => `s${i}`));
  });

  it("crops, pads and rounds sizes up", async () => {
    const [cropped] = await take(ten, { batchSize: 1, size: [2, 3], epoch: 0 });
    expect([cropped!.height, cropped!.width]).toEqual([2, 3]);
    const [padded] = await take(ten, { batchSize: 1, multiple: 8, epoch: 0 });
    expect([padded!.height, padded!.width]).toEqual([8, 8]);
    expect([...padded!.masks].map((v) => v !== 255)).toEqual(Array.from({ length: 64 }, (_, i) => i % 8 < 4 && i < 24));
  });

  it("stops with the signal's reason", async () => {
    const abort = new AbortController();
    const seen = (async () => {
      for await (const batch of batches(ten, { batchSize: 2, signal: abort.signal })) if (batch.step === 3) abort.abort(new Error("enough"));
    })();
    await expect(seen).rejects.toThrow("enough");
  });

  it("delivers an error with the batch it belongs to", async () => {
    const dataset: Dataset = { length: 6, classes, get: (i) => (i === 4 ? Promise.reject(new DataError("s4 is damaged.")) : flat(i)) };
    const seen: number[] = [];
    const run = (async () => {
      for await (const batch of batches(dataset, { batchSize: 2, shuffle: false, epoch: 0 })) seen.push(batch.step);
    })();
    await expect(run).rejects.toThrow("s4 is damaged.");
    expect(seen).toEqual([0, 1]);
  });
});

describe("batches refuses", () => {
  const one = (sample: Sample): Dataset => ({ length: 1, classes, get: () => sample });
  it.each([
    ["a sample without a mask", { ...flat(0), mask: undefined }, "s0: this sample has no mask, and training and evaluation need one."],
    ["a label outside the classes", { ...flat(0), mask: Uint8Array.of(0, 1, 255, 0, 0, 0, 9, 0, 0, 0, 0, 0) }, "s0: the mask holds the value 9 (at x = 2, y = 1), which is none of the 2 classes and not marked as ignored."],
    ["an image of another length", { ...flat(0), image: new Uint8Array(48) }, "s0: an RGB image of 4x3 has 36 values, but this one has 48."],
    ["a mask of another length", { ...flat(0), mask: new Uint8Array(13) }, "s0: the mask of a 4x3 image has 12 values, but this one has 13."],
  ])("%s", async (_, sample, message) => {
    await expect(take(one(sample), { batchSize: 1 }, 1)).rejects.toThrow(new DataError(message));
  });

  it("samples of different sizes in one batch", async () => {
    const dataset = datasetOf([flat(0), flat(1, 5, 5)], classes);
    await expect(take(dataset, { batchSize: 2, shuffle: false }, 1)).rejects.toThrow(
      "batches: images of one batch must have one size, but s0 is 4x3 and s1 is 5x5. Give size: [height, width] to crop and pad, or batchSize: 1.",
    );
  });

  it("an empty data set and impossible options", () => {
    expect(() => batches(datasetOf([], classes), { batchSize: 1 })).toThrow("batches: the data set is empty.");
    expect(() => batches(ten, { batchSize: 0 })).toThrow("batches: batchSize must be a whole number of at least 1, not 0.");
    expect(() => batches(ten, { batchSize: 11, epoch: 0, dropLast: true })).toThrow("batches: with dropLast, 10 samples make no full batch of 11.");
    expect(() => batches(ten, { batchSize: 1, batchsize: 2 } as BatchOptions)).toThrow(OptionError);
  });
});
