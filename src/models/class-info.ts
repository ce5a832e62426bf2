/** Red, green, blue; whole numbers in 0 … 255. */
export type Colour = readonly [number, number, number];

/** A class, as it is called and shown. */
export interface ClassInfo {
  readonly name: string;
  /** The colour in which masks and overlays show this class. */
  readonly color: Colour;
}

/**
 * The colour of class `index` (0 … 255) in the PASCAL VOC palette: black, dark red, dark green, olive, … Bits of the index
 * are dealt to red, green and blue in turn, highest bit of the colour first. All 256 colours differ; 255 is (224, 224, 192).
 */
export function paletteColour(index: number): Colour {
  const colour: [number, number, number] = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++) for (let c = 0; c < 3; c++) colour[c]! |= ((index >> (3 * bit + c)) & 1) << (7 - bit);
  return colour;
}

/** Names with colours: those of the PASCAL VOC palette, or black and white for two classes. */
export function classList(names: readonly string[]): ClassInfo[] {
  return names.map((name, i) => ({ name, color: names.length === 2 && i === 1 ? [255, 255, 255] : paletteColour(i) }));
}

/** Names and colours for classes that nobody has named. One class (a single logit) stands for background and foreground. */
export function defaultClasses(count: number): ClassInfo[] {
  return classList(count <= 2 ? ["background", "foreground"] : Array.from({ length: count }, (_, i) => `class ${i}`));
}
