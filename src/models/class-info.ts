/** A class, as it is called and shown. */
export interface ClassInfo {
  readonly name: string;
  /** Red, green and blue of masks and overlays, 0 … 255. */
  readonly color: readonly [number, number, number];
}

/** Colour of a class number in the PASCAL VOC palette: its bits, spread over red, green and blue from the top down. */
function vocColor(index: number): [number, number, number] {
  const color: [number, number, number] = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++) for (let c = 0; c < 3; c++) color[c]! |= ((index >> (3 * bit + c)) & 1) << (7 - bit);
  return color;
}

/** Names and colours for classes that nobody has named. One class (a single logit) stands for background and foreground. */
export function defaultClasses(count: number): ClassInfo[] {
  const names = count <= 2 ? ["background", "foreground"] : Array.from({ length: count }, (_, i) => `class ${i}`);
  return names.map((name, i) => ({ name, color: names.length === 2 && i === 1 ? [255, 255, 255] : vocColor(i) }));
}
