import { expect, test } from "vitest";
import { predictAny, predictTiles } from "../../../src/cli/predict-any.js";
import type { PredictOptions } from "../../../src/models/predict.js";
import type { ImageSource } from "../../../src/models/predict-input.js";
import type { Prediction } from "../../../src/models/prediction.js";
import { UNet } from "../../../src/models/unet.js";
import { DeviceError } from "../../../src/runtime/errors.js";
import { testDevice } from "../../support/device.js";

const image = { width: 390, height: 271, channels: 3 as const, data: new Uint8Array(390 * 271 * 3).map((_, i) => ((i * 2654435761) >>> 13) & 255) };

test("tiles give what the image gives in one piece", async () => {
  using model = new UNet({ classes: 2, widths: [4, 4] }).to(await testDevice(), { seed: 3 });
  model.eval();
  const whole = await predictAny(model, image, { probabilities: true });
  expect(whole.tile).toBeUndefined();
  const tiled = await predictTiles(model, image, 322, { probabilities: true });
  expect(tiled.classes).toEqual(whole.classes);
  expect(tiled.probabilities!.reduce((worst, p, i) => Math.max(worst, Math.abs(p - whole.probabilities![i]!)), 0)).toBeLessThan(1e-5);
});

test("an image that the adapter refuses goes through in tiles that it takes", async () => {
  class Refusing extends UNet {
    readonly asked: number[] = [];
    override async predict(source: ImageSource, options?: PredictOptions): Promise<Prediction> {
      const { width } = source as { width: number };
      this.asked.push(width);
      if (width > 600) throw new DeviceError("too large");
      return super.predict(source, options);
    }
  }
  using model = new Refusing({ classes: 2, widths: [4, 4] }).to(await testDevice());
  const large = { width: 1100, height: 20, channels: 3 as const, data: new Uint8Array(1100 * 20 * 3) };
  const { classes, tile } = await predictAny(model, large, {});
  expect(tile).toBe(512);
  expect(classes).toHaveLength(1100 * 20);
  expect(model.asked.slice(0, 3)).toEqual([1100, 1024, 512]);
});
