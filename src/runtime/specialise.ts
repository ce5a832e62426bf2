import { AtrousError } from "./errors.js";
import { storeAsHalf } from "./half-bindings.js";
import type { KernelCall, Shader } from "./kernel.js";

/** What makes one kernel of a shader. */
export interface Specialisation {
  /** Values of `override` and `//!tune` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** Bindings whose tensors are stored as f16, in alphabetical order. */
  readonly half: readonly string[];
  /** Bindings that are bound as writable although the shader only reads them (see `KernelCall.writable`); default: none. */
  readonly writable?: readonly string[] | undefined;
}

/** What a call asks of its shader. */
export function specialisationOf({ bindings, constants, writable }: Pick<KernelCall, "bindings" | "constants" | "writable">): Specialisation {
  const half = Object.keys(bindings).filter((name) => bindings[name]!.dtype === "f16");
  return { constants, half: half.sort(), ...(writable && { writable }) };
}

export interface Specialised {
  /** WGSL with `//!tune` constants replaced, f16 bindings in place and `//!unroll` loops expanded. */
  readonly code: string;
  /** Values for the pipeline's `constants`. */
  readonly overrides: Readonly<Record<string, number>>;
}

/**
 * A shader with constants in place: `override` values are handed to the pipeline, `//!tune` lines are
 * replaced by name, bindings of f16 tensors are stored so (see half-bindings.ts), and loops marked `//!unroll` become
 * straight-line code, because WGSL compilers do not unroll.
 */
export function specialise(shader: Shader, specialisation: Specialisation): Specialised {
  const made = specialised.get(shader) ?? specialised.set(shader, new Map()).get(shader)!;
  const key = JSON.stringify([specialisation.constants, specialisation.half, specialisation.writable]);
  let result = made.get(key);
  if (!result) made.set(key, (result = expand(shader, specialisation)));
  return result;
}

/** What was made of each shader: the dispatches of a plan ask for the same few again and again. */
const specialised = new WeakMap<Shader, Map<string, Specialised>>();

function expand(shader: Shader, { constants, half, writable = [] }: Specialisation): Specialised {
  const overrides: Record<string, number> = {};
  let code = half.length === 0 ? shader.code : halfCode(shader, half);
  for (const [name, value] of Object.entries(constants)) {
    if (name in shader.overrides) overrides[name] = value;
    else if (name in shader.consts)
      code = code.replace(new RegExp(`(const ${name}\\b[^=]*=)[^;]*;`), `$1 ${value}u;`);
    else throw new AtrousError(`${shader.name}.wgsl has no constant ${name}. It has: ${[...Object.keys(shader.overrides), ...Object.keys(shader.consts)].join(", ")}.`);
  }
  for (const name of writable) code = code.replace(new RegExp(`var<storage, read>(?= ${name}\\b)`), "var<storage, read_write>");
  return { code: unroll(code, shader.name), overrides };
}

/** What `storeAsHalf` made of each shader, so that every further plan costs one look-up. */
const halfCodes = new WeakMap<Shader, Map<string, string>>();

function halfCode(shader: Shader, half: readonly string[]): string {
  const made = halfCodes.get(shader) ?? halfCodes.set(shader, new Map()).get(shader)!;
  const key = half.join();
  const known = made.get(key);
  if (known !== undefined) return known;
  const code = storeAsHalf(shader.code, half, shader.name);
  made.set(key, code);
  return code;
}

const mark = "//!unroll";

/** The value of a literal, or of a `const` declared in `code`. */
function constant(code: string, text: string): number | undefined {
  if (/^\d+u?$/.test(text)) return parseInt(text, 10);
  const found = new RegExp(`const ${text}\\b[^=]*=\\s*(\\w+)\\s*;`).exec(code);
  return found ? constant(code, found[1]!) : undefined;
}

function unroll(code: string, name: string): string {
  for (let at = code.indexOf(mark); at >= 0; at = code.indexOf(mark)) {
    const rest = code.slice(at + mark.length);
    const head = /^\s*for\s*\(\s*var\s+(\w+)[^=]*=\s*(\w+)\s*;\s*\1\s*<\s*(\w+)\s*;\s*\1\+\+\s*\)\s*\{/.exec(rest);
    const [from, to] = [head && constant(code, head[2]!), head && constant(code, head[3]!)];
    if (!head || from == null || to == null)
      throw new AtrousError(`${name}.wgsl: ${mark} needs "for (var i = 0u; i < N; i++) {" with a constant N, not "${rest.trim().split("\n")[0]}".`);
    let end = head[0].length;
    for (let depth = 1; depth > 0; end++) depth += rest[end] === "{" ? 1 : rest[end] === "}" ? -1 : 0;
    const body = rest.slice(head[0].length, end - 1);
    const variable = new RegExp(`(?<![.\\w])${head[1]}\\b`, "g");
    const suffix = head[2]!.endsWith("u") ? "u" : "";
    let copies = "";
    for (let i = from; i < to; i++) copies += `{${body.replace(variable, `${i}${suffix}`)}}\n`;
    code = code.slice(0, at) + copies + rest.slice(end);
  }
  return code;
}
