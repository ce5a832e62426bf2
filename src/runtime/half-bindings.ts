import { AtrousError } from "./errors.js";

/** How the elements of one kind of binding are stored as f16, and what stands for reading and storing one. */
interface HalfForm {
  readonly type: string;
  readonly read: (element: string) => string;
  readonly store: (value: string) => string;
  /** A function of the shader that `read` and `store` call. */
  readonly helper?: string;
}

const float = (width: "" | "vec2" | "vec4"): HalfForm => {
  const [half, single] = width ? [`${width}<f16>`, `${width}<f32>`] : ["f16", "f32"];
  return { type: half, read: (element) => `${single}(${element})`, store: (value) => `${half}(${value})` };
};

/**
 * By element type as shaders write it. Floats are converted. Copying kernels see every element as a 32-bit word: that of an f16
 * is its 16 bits with zeros above them, so that NaN patterns and negative zeros survive.
 */
const forms: Readonly<Record<string, HalfForm>> = {
  "f32": float(""),
  "vec2f": float("vec2"),
  "vec2<f32>": float("vec2"),
  "vec4f": float("vec4"),
  "vec4<f32>": float("vec4"),
  "u32": {
    type: "f16",
    read: (element) => `half_word(${element})`,
    store: (value) => `word_half(${value})`,
    helper: "fn half_word(h: f16) -> u32 { return bitcast<u32>(vec2<f16>(h, 0.0h)); }\nfn word_half(w: u32) -> f16 { return bitcast<vec2<f16>>(w).x; }",
  },
  "vec4u": {
    type: "vec4<f16>",
    read: (element) => `half_words(${element})`,
    store: (value) => `words_half(${value})`,
    helper: "fn half_words(h: vec4<f16>) -> vec4u { let w = bitcast<vec2u>(h); return vec4u(w.x & 0xffffu, w.x >> 16u, w.y & 0xffffu, w.y >> 16u); }\n"
      + "fn words_half(w: vec4u) -> vec4<f16> { return bitcast<vec4<f16>>(vec2u((w.x & 0xffffu) | (w.y << 16u), (w.z & 0xffffu) | (w.w << 16u))); }",
  },
};

const pairs: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Index of the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  const [from, to] = [code[open]!, pairs[code[open]!]!];
  for (let i = open, depth = 0; i < code.length; i++) {
    if (code[i] === from) depth++;
    else if (code[i] === to && --depth === 0) return i;
  }
  return -1;
}

/**
 * WGSL in which the storage buffers `names`, declared as arrays of f32 (or vectors of it), hold f16 instead: every element is
 * widened when it is read and rounded when it is stored, so that all arithmetic stays f32. Buffers of u32 (or vec4u), which
 * copying kernels use for any 32-bit type, take f16 as its bits.
 *
 * Elements are read as `name[index]` and stored by a statement `name[index] = value;`; nothing else is rewritten, and the
 * compiler refuses what is left of other forms (`name[i] += v`, `name[i].x = v`). A local variable of the same name may be
 * indexed as long as it is not assigned to in parts.
 *
 * @throws AtrousError for a name that is not declared on one line, or with elements that have no f16 form, and for a store in the head
 *   of a loop
 */
export function storeAsHalf(code: string, names: readonly string[], shader: string): string {
  if (names.length === 0) return code;
  const used = new Map<string, HalfForm>();
  const helpers = new Set<string>();
  // Marks of the specialiser stay; a comment would be taken for code.
  let text = code.replace(/\/\/(?!!)[^\n]*|\/\*[^]*?\*\//g, " ");
  for (const name of names) {
    const declaration = new RegExp(`(var\\s*<\\s*storage\\b[^>]*>\\s*${name}\\s*:\\s*array\\s*<\\s*)([^;]+?)(\\s*>\\s*;)`).exec(text);
    if (!declaration) throw new AtrousError(`${shader}.wgsl: the binding "${name}" cannot hold f16, because it is not declared "var<storage, …> ${name}: array<…>;".`);
    const form = forms[declaration[2]!.replace(/\s+/g, "")];
    if (!form) throw new AtrousError(`${shader}.wgsl: the binding "${name}" cannot hold f16, because its elements are ${declaration[2]}.`);
    used.set(name, form);
    if (form.helper) helpers.add(form.helper);
    text = text.slice(0, declaration.index) + declaration[1]! + form.type + declaration[3]! + text.slice(declaration.index + declaration[0].length);
  }
  return ["enable f16;", rewrite(text, used, new RegExp(`(?<![\\w.])(${names.join("|")})\\s*\\[`, "g"), shader), ...helpers].join("\n");
}

/** `code` with every element of the bindings read and stored in its f16 form. */
function rewrite(code: string, forms: ReadonlyMap<string, HalfForm>, pattern: RegExp, shader: string): string {
  let out = "";
  let from = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(code); match; pattern.lastIndex = from, match = pattern.exec(code)) {
    const inner = (start: number, end: number): string => rewrite(code.slice(start, end), forms, new RegExp(pattern), shader);
    const form = forms.get(match[1]!)!;
    const open = match.index + match[0].length - 1;
    const close = closing(code, open);
    if (close < 0) throw new AtrousError(`${shader}.wgsl: a bracket of "${match[0]}" is not closed.`);
    const element = `${match[1]}[${inner(open + 1, close)}]`;
    out += code.slice(from, match.index);
    from = close + 1;
    const assigned = /^\s*=(?!=)\s*/.exec(code.slice(from, from + 16));
    if (assigned) {
      const end = code.indexOf(";", from);
      // Without one, or with a block before it, it stands in the head of a `for`.
      if (end < 0 || code.slice(from, end).includes("{")) throw new AtrousError(`${shader}.wgsl: "${element} = …" must be a statement of its own.`);
      out += `${element} = ${form.store(inner(from + assigned[0].length, end))}`;
      from = end;
    } else out += form.read(element);
  }
  return out + code.slice(from);
}
