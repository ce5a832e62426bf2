import { paletteColour, type Colour } from "../models/class-info.js";

/** A colour as red, green, blue from 0 to 255. */
export type Rgb = Colour;

/** Twenty colours that people tell apart (after Sasha Trubetskoy's list), strongest first. */
const distinct: readonly Rgb[] = [
  [230, 25, 75], [60, 180, 75], [255, 225, 25], [0, 130, 200], [245, 130, 48], [145, 30, 180], [70, 240, 240],
  [240, 50, 230], [210, 245, 60], [250, 190, 212], [0, 128, 128], [220, 190, 255], [170, 110, 40], [255, 250, 200],
  [128, 0, 0], [170, 255, 195], [128, 128, 0], [255, 215, 180], [0, 0, 128], [128, 128, 128],
];

/** The first `count` colours of the PASCAL VOC colour map (see `paletteColour`). Label 0 is black, 255 is (224, 224, 192). */
export function vocPalette(count = 256): Rgb[] {
  return Array.from({ length: count }, (_, label) => paletteColour(label));
}

/** `count` visually distinct colours for class maps: class 0 (usually the background) is black; past 21 the VOC colours follow. */
export function defaultPalette(count: number): Rgb[] {
  return Array.from({ length: count }, (_, label) => (label === 0 ? [0, 0, 0] : distinct[label - 1] ?? paletteColour(label)));
}

/** Nine points of the viridis colour map (Smith, van der Walt, Firing), from 0 to 1. */
const viridis: readonly Rgb[] = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

/** The viridis colour of `value`, clamped to 0..1, between whose points colours are interpolated. NaN is shown magenta. */
export function viridisColor(value: number): Rgb {
  if (Number.isNaN(value)) return [255, 0, 255];
  const at = Math.min(1, Math.max(0, value)) * (viridis.length - 1);
  const [low, high] = [viridis[Math.floor(at)]!, viridis[Math.min(Math.floor(at) + 1, viridis.length - 1)]!];
  const mix = (c: 0 | 1 | 2): number => Math.round(low[c] + (high[c] - low[c]) * (at - Math.floor(at)));
  return [mix(0), mix(1), mix(2)];
}
