import type { Colour } from "../../models/class-info.js";

/** Colours written as "ff8000 0080ff …". */
export const colours = (text: string): Colour[] =>
  text.trim().split(/\s+/).map((hex) => [Number.parseInt(hex.slice(0, 2), 16), Number.parseInt(hex.slice(2, 4), 16), Number.parseInt(hex.slice(4, 6), 16)] as const);
