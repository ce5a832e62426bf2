import { describe, expect, test } from "vitest";
import { denseCrf, type DenseCrfOptions } from "../../src/models/dense-crf.js";
import * as reference from "../reference/dense-crf.js";
import { heldMemory, testDevice } from "../support/device.js";
import { random } from "../support/random.js";

/** A picture of differently coloured regions under noise, the class of each pixel, and probabilities that are often wrong. */
function picture(width: number, height: number, classes: number, { noise = 8, sure = 0.5, seed = "" } = {}) {
  const rng = random(`picture ${width} ${height} ${classes} ${seed}`);
  const colours = [[60, 70, 90], [190, 120, 80], [120, 190, 110], [220, 220, 200]];
  const labels = new Uint8Array(width * height);
  const data = new Uint8Array(width * height * 3);
  const probabilities = new Float32Array(width * height * classes);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    const label = Math.hypot(x - 0.4, y - 0.45) < 0.28 ? 1 : y > 0.7 + 0.1 * Math.sin(7 * x) ? Math.min(2, classes - 1) : x > 0.85 ? classes - 1 : 0;
    labels[i] = label;
    for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.min(255, Math.max(0, colours[label]![c]! + noise * rng.normal()));
    const z = Array.from({ length: classes }, (_, c) => (c === label ? sure : 0) + rng.normal());
    const sum = z.reduce((a, v) => a + Math.exp(v), 0);
    for (let c = 0; c < classes; c++) probabilities[i * classes + c] = Math.exp(z[c]!) / sum;
  }
  return { width, height, labels, probabilities, image: { data, width, height } };
}

const accuracy = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).filter((v, i) => v === b[i]).length / a.length;

/** The kernels of the options, as the formula has them. */
function kernelsOf({ width, height, image }: ReturnType<typeof picture>, { appearance, smoothness }: DenseCrfOptions): reference.CrfKernel[] {
  const [a, s] = [{ weight: 4, position: 67, colour: 3, ...appearance }, { weight: 3, position: 1, ...smoothness }];
  const pixels = Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width)] as const);
  return [
    { weight: a.weight, d: 5, features: pixels.flatMap(([x, y], i) => [x / a.position, y / a.position, ...[0, 1, 2].map((c) => image.data[i * 3 + c]! / a.colour)]) },
    { weight: s.weight, d: 2, features: pixels.flatMap(([x, y]) => [x / s.position, y / s.position]) },
  ];
}

describe("denseCrf", () => {
  test.each([
    [13, 11, 2, {}],
    [17, 16, 4, { appearance: { weight: 5, position: 30, colour: 13 }, smoothness: { position: 3 }, iterations: 5 }],
    [1, 9, 3, { iterations: 1 }],
    [10, 10, 3, { appearance: { weight: 0 } }],
    [10, 10, 3, { smoothness: { weight: 0 }, appearance: { position: 3, colour: 20 } }],
  ] as const)("exactly, %d×%d pixels of %d classes with %j are what the formula says", async (width, height, classes, options) => {
    const device = await testDevice();
    const given = picture(width, height, classes);
    const before = heldMemory(device);
    const refined = await denseCrf(device, given, given.image, { ...options, method: "exact" });
    expect(heldMemory(device)).toEqual(before);
    const expected = reference.denseCrf(given.probabilities, width * height, kernelsOf(given, options), "iterations" in options ? options.iterations : 10);
    expect(refined.probabilities).toHaveLength(expected.length);
    for (const [i, e] of expected.entries()) expect(Math.abs(refined.probabilities![i]! - e), `probability ${i}`).toBeLessThan(1e-4);
  });

  test.each([[2, 8, 3], [4, 8, 3], [4, 20, 13]])("by lattice, %d classes under noise of %d and colour deviation %d come near the exact ones", async (classes, noise, colour) => {
    const device = await testDevice();
    const given = picture(32, 28, classes, { noise });
    const options = { appearance: { colour } };
    const exact = await denseCrf(device, given, given.image, { ...options, method: "exact" });
    const lattice = await denseCrf(device, given, given.image, options);
    const errors = lattice.probabilities!.map((v, i) => Math.abs(v - exact.probabilities![i]!));
    expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(0.03);
    expect(accuracy(lattice.classes, exact.classes)).toBeGreaterThan(0.94);
    // The same bits once more.
    expect((await denseCrf(device, given, given.image, options)).probabilities).toEqual(lattice.probabilities);
  });

  test.each(["exact", "lattice"] as const)("cleans a noisy map by the colours of the picture (%s)", async (method) => {
    const device = await testDevice();
    const given = picture(32, 28, 2, { noise: 6, sure: 0.7 });
    const before = Array.from(given.labels, (_, i) => (given.probabilities[2 * i + 1]! > given.probabilities[2 * i]! ? 1 : 0));
    const refined = await denseCrf(device, given, given.image, { method });
    expect(accuracy(before, given.labels)).toBeLessThan(0.75);
    expect(accuracy(refined.classes, given.labels)).toBeGreaterThan(0.97);
    for (let i = 0; i < given.labels.length; i += 13) expect(refined.probabilities![2 * i]! + refined.probabilities![2 * i + 1]!).toBeCloseTo(1, 5);
    expect(refined.overlay({ alpha: 1 }).data.slice(0, 3)).toEqual(refined.classes[0] === 1 ? Uint8Array.of(255, 255, 255) : given.image.data.slice(0, 3));
  });

  test("takes probabilities of the foreground alone, and images of floats and gray", async () => {
    const device = await testDevice();
    const given = picture(20, 15, 2);
    const alone = { ...given, probabilities: given.probabilities.filter((_, i) => i % 2 === 1) };
    const [both, one] = await Promise.all([given, alone].map((each) => denseCrf(device, each, given.image, { method: "exact" })));
    expect(one!.classes).toEqual(both!.classes);
    expect(one!.probabilities).toHaveLength(300);
    for (const [i, p] of one!.probabilities!.entries()) expect(p).toBeCloseTo(both!.probabilities![2 * i + 1]!, 5);
    const gray = { width: 20, height: 15, data: Uint8Array.from({ length: 300 }, (_, i) => given.image.data[3 * i]!) };
    const floats = { ...gray, data: Float32Array.from(gray.data, (v) => v / 255) };
    const [a, b] = await Promise.all([gray, floats].map((each) => denseCrf(device, given, each, { method: "exact" })));
    for (const [i, p] of a!.probabilities!.entries()) expect(b!.probabilities![i]).toBeCloseTo(p, 3);
  });

  test("says what is wrong", async () => {
    const device = await testDevice();
    const given = picture(6, 5, 2);
    const refused = async (message: string, options: object = {}, prediction: object = given): Promise<void> =>
      expect(denseCrf(device, prediction as typeof given, given.image, options as DenseCrfOptions)).rejects.toThrow(message);
    await refused("denseCrf: iterations must be a whole number of at least 1 but is 0.", { iterations: 0 });
    await refused('denseCrf: method must be "lattice" or "exact" but is "fast".', { method: "fast" });
    await refused("denseCrf: appearance.weight must be a finite number of at least 0 but is -1.", { appearance: { weight: -1 } });
    await refused("denseCrf: smoothness.position must be a finite number of at least 0.001 but is 0.", { smoothness: { position: 0 } });
    await refused('denseCrf, appearance: unknown option "color". Did you mean "colour"? Options: weight, position, colour.', { appearance: { color: 3 } });
    await refused('denseCrf: unknown option "iteration". Did you mean "iterations"? Options: iterations, appearance, smoothness, method, signal.', { iteration: 3 });
    await refused("denseCrf: the prediction has no probabilities. Ask for them: predict(image, { probabilities: true }).", {}, { width: 6, height: 5, probabilities: undefined });
    await refused("denseCrf: 6×5 pixels do not fit 7 probabilities.", {}, { width: 6, height: 5, probabilities: new Float32Array(7) });
    await refused("denseCrf: the image has 6×5 pixels but the prediction has 5×6.", {}, { ...given, width: 5, height: 6 });
    await refused('denseCrf: "exact" compares all pairs of pixels, of at most 16384, but the image has 16512. Use method "lattice", or a smaller image.', { method: "exact" }, { width: 129, height: 128, probabilities: new Float32Array(129 * 128) });
    await refused("enough", { signal: AbortSignal.abort(new Error("enough")) });
  });
});
