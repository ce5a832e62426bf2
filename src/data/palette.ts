import type { ClassInfo, Colour } from "./dataset.js";

/** Bit `n` of `value`. */
const bit = (value: number, n: number): number => (value >> n) & 1;

/**
 * The colour of class `index` in the PASCAL VOC palette: black, dark red, dark green, olive, … (bits of the index are
 * dealt to red, green and blue in turn, highest bit of the colour first). All 256 colours differ.
 */
export function paletteColour(index: number): Colour {
  let [r, g, b] = [0, 0, 0];
  for (let i = 0, c = index; i < 8; i++, c >>= 3) {
    r |= bit(c, 0) << (7 - i);
    g |= bit(c, 1) << (7 - i);
    b |= bit(c, 2) << (7 - i);
  }
  return [r, g, b];
}

/** Names with colours: those of the PASCAL VOC palette, or black and white for two classes. */
export function classList(names: readonly string[]): ClassInfo[] {
  const white: Colour = [255, 255, 255];
  return names.map((name, i) => ({ name, color: names.length === 2 && i === 1 ? white : paletteColour(i) }));
}
