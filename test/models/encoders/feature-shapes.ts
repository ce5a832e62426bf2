import { Capture } from "../../../src/graph/capture.js";
import type { Encoder } from "../../../src/models/encoders/encoder.js";

/** Shapes of the maps for an image of this size. */
export function featureShapes(encoder: Encoder, height: number, width: number, depth?: number): number[][] {
  const capture = new Capture({ shapesOnly: true });
  let shapes: number[][] = [];
  encoder.eval();
  capture.run(() => void (shapes = encoder.features(capture.input([1, height, width, encoder.inChannels], "f32"), depth).map((map) => [...map.shape])));
  return shapes;
}
