import { classList } from "../models/class-info.js";
import { DataError } from "../runtime/errors.js";
import { IGNORED, type ClassInfo, type Colour } from "./dataset.js";

/** What mask files mean: which classes there are, and which class each pixel value stands for. */
export interface ClassTable {
  readonly classes: readonly ClassInfo[];
  /** Pixel value in the file → class index, or 255 where the pixel is ignored. */
  readonly values: ReadonlyMap<number, number>;
  /** Colour in colour-coded files, as red · 65536 + green · 256 + blue → class index, or 255. Without it, such files are refused. */
  readonly colors?: ReadonlyMap<number, number> | undefined;
  /** 16-bit files hold value · divisor + instance. */
  readonly divisor?: number | undefined;
  /** A sentence to print when nothing said what the values mean and a rule was applied; otherwise undefined. */
  readonly assumed?: string | undefined;
}

/** 255 is taken by "ignored". */
const MAX_CLASSES = 255;

const isByte = (v: unknown): v is number => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= 255;

function isColour(value: unknown): value is Colour {
  return Array.isArray(value) && value.length === 3 && value.every(isByte);
}

/**
 * Reads the text of a `classes.json`:
 * `{ "classes": ["background", "nucleus"], "palette": [[0, 0, 0], [255, 255, 255]], "values": { "0": 0, "255": 1 } }`.
 * `values` maps a pixel value of the mask files to a class index, or to null for pixels that are ignored. Without
 * `values`, pixel values are class indices and 255 is ignored; without `palette`, colours are chosen. Other keys are kept
 * out of the way for notes. Throws a DataError that begins with `file` when the text is something else.
 */
export function readClasses(text: string, file = "classes.json"): ClassTable {
  const fail = (problem: string): never => {
    throw new DataError(`${file}: ${problem}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    fail(`this is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) fail(`expected an object with "classes".`);
  const { classes: names, palette, values } = json as Record<string, unknown>;
  if (!Array.isArray(names) || names.length === 0 || !names.every((n): n is string => typeof n === "string" && n !== ""))
    return fail(`"classes" must be a list of class names.`);
  if (names.length > MAX_CLASSES) fail(`there can be at most ${MAX_CLASSES} classes, not ${names.length}.`);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) fail(`the class "${repeated}" is listed twice.`);
  return { classes: colours(names, palette, fail), values: valueMap(values, names.length, fail) };
}

function colours(names: readonly string[], palette: unknown, fail: (problem: string) => never): ClassInfo[] {
  if (palette === undefined) return classList(names);
  if (!Array.isArray(palette) || !palette.every(isColour)) return fail(`"palette" must be a list of [red, green, blue], each 0 to 255.`);
  if (palette.length !== names.length) fail(`"palette" has ${palette.length} colours for ${names.length} classes.`);
  return names.map((name, i) => ({ name, color: palette[i]! }));
}

function valueMap(values: unknown, classes: number, fail: (problem: string) => never): Map<number, number> {
  if (values === undefined) return identity(classes);
  if (typeof values !== "object" || values === null || Array.isArray(values))
    return fail(`"values" must map each pixel value to a class index or null.`);
  const map = new Map<number, number>();
  for (const [key, index] of Object.entries(values)) {
    const value = Number(key);
    if (!/^\d+$/.test(key) || value > 65535) fail(`"values" has the key "${key}", which is no pixel value (0 to 65535).`);
    if (index !== null && !(Number.isInteger(index) && index >= 0 && index < classes))
      fail(`"values" maps ${key} to ${JSON.stringify(index)}, but class indices are 0 to ${classes - 1} (null = ignored).`);
    map.set(value, index === null ? IGNORED : (index as number));
  }
  return map;
}

/** Pixel values are class indices; 255 is ignored. */
function identity(classes: number): Map<number, number> {
  const map = new Map(Array.from({ length: classes }, (_, i) => [i, i] as const));
  return map.set(IGNORED, IGNORED);
}

/**
 * Decides what mask values mean when there is no `classes.json`. `found` maps each value that occurs to one file in
 * which it does. The rule: {0, 255} is background and foreground; otherwise 255 is ignored, and the other values are
 * class indices and must be 0, 1, 2, … without a gap, at least two of them. Values that do not fit throw a DataError
 * that names them and a file.
 */
export function inferClasses(found: ReadonlyMap<number, string>): ClassTable {
  const values = [...found.keys()].sort((a, b) => a - b);
  const described = `Mask values are ${listed(values)}`;
  if (values.length === 2 && values[0] === 0 && values[1] === 255)
    return {
      classes: classList(["background", "foreground"]),
      values: new Map([[0, 0], [255, 1]]),
      assumed: `${described}, and there is no classes.json: assumed 0 = background and 255 = foreground.`,
    };
  const indices = values.filter((value) => value !== IGNORED);
  const gap = indices.findIndex((value, i) => value !== i);
  const remedy = `Add a classes.json that says what each value means: { "classes": […], "values": { "value": index or null } }.`;
  if (gap >= 0)
    throw new DataError(
      `${described} (${indices[gap]} in ${found.get(indices[gap]!)}), which are not class indices 0, 1, 2, … without a gap, nor 0 and 255. ${remedy}`,
    );
  if (indices.length < 2)
    throw new DataError(`${described} in every mask (${found.get(values[0] ?? 0) ?? "no mask"} for one), which leaves nothing to tell apart. ${remedy}`);
  const ignored = found.has(IGNORED) ? ", 255 = ignored" : "";
  const names = indices.length === 2 ? ["background", "foreground"] : indices.map((i) => `class ${i}`);
  const meaning = indices.length === 2 ? "0 = background and 1 = foreground" : `each value from 0 to ${indices.length - 1} is a class`;
  return {
    classes: classList(names),
    values: identity(indices.length),
    assumed: `${described}, and there is no classes.json: assumed ${meaning}${ignored}.`,
  };
}

/** "0, 1 and 255", shortened when there are many. */
function listed(values: readonly number[]): string {
  const shown = values.length > 14 ? [...values.slice(0, 12).map(String), `… (${values.length} values)`] : values.map(String);
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : `${shown[0] ?? "none"}`;
}
