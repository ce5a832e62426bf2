// Reads out of one shader what src/runtime/kernel.ts calls a `Shader`. Works on text, not on a syntax tree:
// comments are blanked first, and mistakes of the language itself are left to scripts/check-wgsl.mjs.
import { basename } from "node:path";
import { ShaderFileError, blankComments, expandIncludes, stripComments } from "./source.mjs";

const scalars = ["u32", "i32", "f32"];
const maxStorageBuffers = 8;

/** `{ name, code, entries, params, overrides, consts, lines }`; `lines` says where each line of the unstripped code came from. */
export function parseShader(file) {
  const lines = expandIncludes(file);
  const source = lines.map((line) => line.text).join("\n");
  const code = blankComments(source);
  const where = (offset) => lines[code.slice(0, offset).split("\n").length - 1].where;
  const fail = (offset, message) => {
    throw new ShaderFileError(where(offset), message);
  };
  const bindings = readBindings(code, fail);
  const consts = readConsts(lines);
  return {
    name: basename(file, ".wgsl"),
    code: stripComments(source),
    entries: readEntries(code, bindings, fail),
    params: readParams(code, fail),
    overrides: readOverrides(code, fail),
    consts,
    source,
    lines,
  };
}

function readBindings(code, fail) {
  const bindings = new Map();
  const attributes = String.raw`((?:@(?:group|binding)\s*\(\s*\d+\s*\)\s*)+)`;
  const pattern = new RegExp(String.raw`${attributes}var\s*<\s*(\w+)\s*(?:,\s*(\w+)\s*)?>\s*(\w+)\s*:\s*([^;]+);`, "g");
  for (const match of code.matchAll(pattern)) {
    const [, attrs, space, mode, name, type] = match;
    const group = Number(attrs.match(/group\s*\(\s*(\d+)/)?.[1] ?? NaN);
    const number = Number(attrs.match(/binding\s*\(\s*(\d+)/)?.[1] ?? NaN);
    if (group !== 0 || Number.isNaN(number)) fail(match.index, `"${name}" needs @group(0) and a @binding number`);
    if (bindings.has(name)) fail(match.index, `two bindings are called "${name}"`);
    if (space === "uniform" && name !== "p" && name !== "step") fail(match.index, `the only uniforms are "p" and "step", not "${name}"`);
    if (name === "p" && (number !== 0 || space !== "uniform" || type.trim() !== "Params")) fail(match.index, 'the parameters are "@group(0) @binding(0) var<uniform> p: Params;"');
    if (space === "storage" && number === 0) fail(match.index, `binding 0 belongs to the parameters; number "${name}" from 1`);
    if (space !== "uniform" && space !== "storage") fail(match.index, `"${name}" is neither uniform nor storage`);
    bindings.set(name, { number, access: space === "uniform" ? "uniform" : (mode ?? "read"), offset: match.index });
  }
  const loose = code.match(/var\s*<\s*(uniform|storage)\b/g)?.length ?? 0;
  if (loose !== bindings.size) fail(code.search(/var\s*<\s*(uniform|storage)\b/), "a uniform or storage variable is not written @group(0) @binding(n) var<…> name: type;");
  return bindings;
}

function readParams(code, fail) {
  const struct = /struct\s+Params\s*\{([^}]*)\}/.exec(code);
  if (!struct) return {};
  const fields = struct[1].split(",").map((field) => field.trim()).filter(Boolean);
  return Object.fromEntries(fields.map((field) => {
    const [, name, type] = field.match(/^(\w+)\s*:\s*(\w+)$/) ?? [];
    if (!name || !scalars.includes(type)) fail(struct.index, `Params holds only ${scalars.join(", ")} fields, not "${field}"`);
    return [name, type];
  }));
}

function literal(text) {
  if (text === "true" || text === "false") return Number(text === "true");
  const [, number] = text.match(/^(-?(?:0x[\da-f]+|[\d.]+(?:e[+-]?\d+)?))[uifh]?$/i) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Overrides computed from others (`override K2: u32 = K * K;`) are WGSL's affair and cannot be set, so they are left out. */
function readOverrides(code, fail) {
  const overrides = {};
  for (const match of code.matchAll(/\boverride\s+(\w+)\s*(?::\s*\w+\s*)?(?:=\s*([^;]+))?;/g)) {
    if (match[2] === undefined) fail(match.index, `override "${match[1]}" needs a default`);
    const value = literal(match[2].trim());
    if (value !== undefined) overrides[match[1]] = value;
  }
  return overrides;
}

function readConsts(lines) {
  const consts = {};
  for (const { text, where } of lines) {
    if (!text.includes("//!tune")) continue;
    const [, name, value] = text.match(/^\s*const\s+(\w+)\s*:\s*\w+\s*=\s*([^;]+);\s*\/\/!tune\s*$/) ?? [];
    if (!name || literal(value.trim()) === undefined) throw new ShaderFileError(where, "a tuned constant is written const NAME: u32 = 4u; //!tune");
    consts[name] = literal(value.trim());
  }
  return consts;
}

function closing(code, open) {
  const pair = { "(": ")", "{": "}" }[code[open]];
  for (let i = open, depth = 0; i < code.length; i++) {
    if (code[i] === code[open]) depth++;
    else if (code[i] === pair && --depth === 0) return i;
  }
  return code.length;
}

function readFunctions(code) {
  const functions = new Map();
  for (const match of code.matchAll(/((?:@\w+\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?)*)\bfn\s+(\w+)\s*\(/g)) {
    const open = match.index + match[0].length - 1;
    const end = closing(code, open);
    const brace = code.indexOf("{", end);
    const parameters = code.slice(open + 1, end).replace(/@\w+\s*(\([^()]*\))?/g, "");
    functions.set(match[2], {
      entry: /@compute\b/.test(match[1]),
      offset: match.index,
      parameters: [...parameters.matchAll(/(\w+)\s*:/g)].map((m) => m[1]),
      body: code.slice(brace, closing(code, brace) + 1),
    });
  }
  return functions;
}

/** Names in `body` that are not members (`v.x`), parameters or local variables: globals that the function uses. */
function globalNames({ parameters, body }) {
  const found = new Set();
  const scopes = [new Set(parameters)];
  let declaring; // a variable's scope begins after its declaration, so that `let x = x[i];` reads the global
  let pendingFor = false;
  let depth = 0;
  const tokens = [...body.matchAll(/(?<![\w.])(?:[A-Za-z_]\w*)|\.\s*\w+|[{}();]/g)].map((m) => m[0]);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === "{") {
      const scope = new Set();
      scope.isFor = pendingFor && depth === 0;
      if (scope.isFor) pendingFor = false;
      scopes.push(scope);
    } else if (token === "}") {
      if (scopes.pop().isFor) scopes.pop();
    } else if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (token === "for") {
      scopes.push(new Set());
      pendingFor = true;
    } else if (token === ";") {
      if (declaring) scopes.at(-1).add(declaring);
      declaring = undefined;
    } else if (token === "let" || token === "var" || token === "const") declaring = tokens[++i] === "function" ? tokens[++i] : tokens[i];
    else if (!token.startsWith(".") && !scopes.some((scope) => scope.has(token))) found.add(token);
  }
  return found;
}

function readEntries(code, bindings, fail) {
  const functions = readFunctions(code);
  for (const f of functions.values()) f.names = globalNames(f);
  const entries = {};
  for (const [name, entry] of functions) {
    if (!entry.entry) continue;
    const reached = new Set([name]);
    for (const f of reached) for (const called of functions.get(f).names) if (functions.has(called)) reached.add(called);
    const names = new Set([...reached].flatMap((f) => [...functions.get(f).names]));
    const used = [...bindings].filter(([binding]) => names.has(binding)).sort(([, a], [, b]) => a.number - b.number);
    used.forEach(([binding, { number }], i) => {
      if (i > 0 && used[i - 1][1].number === number) fail(entry.offset, `entry "${name}" uses both "${used[i - 1][0]}" and "${binding}" of binding ${number}`);
    });
    const storage = used.filter(([, { access }]) => access !== "uniform").length;
    if (storage > maxStorageBuffers) fail(entry.offset, `entry "${name}" uses ${storage} storage buffers; WebGPU promises ${maxStorageBuffers}`);
    entries[name] = Object.fromEntries(used.map(([binding, { number, access }]) => [binding, [number, access]]));
  }
  return entries;
}
