import { grid, type Operand, type Shader } from "../runtime/kernel.js";
import { sameShape, sizeOf, type Shape } from "../runtime/shape.js";
import { channelSlice, type Lowering } from "./lowering.js";
import { expressions, functionsIn } from "./pointwise-table.js";

/** One step of a pointwise program: a name of the table, and the numbers of earlier results (inputs come first), or of a constant. */
export type Instruction = readonly [name: string, ...arguments_: number[]];

/** Element types; f16 is computed in f32, and specialising the shader stores it as f16 (see src/runtime/half-bindings.ts). */
const wgslTypes = { f32: "f32", f16: "f32", i32: "i32", u32: "u32" } as Record<string, string>;

/** How an input is indexed: like the output, one value for all, along the last axis only, or by full broadcasting. */
type Mode = "full" | "scalar" | "channel" | "general";

function mode(input: Shape, out: Shape): Mode {
  if (sizeOf(input) === 1) return "scalar";
  if (sameShape(input, out) || sizeOf(input) === sizeOf(out)) return "full";
  if (sizeOf(input) === input.at(-1) && input.at(-1) === out.at(-1)) return "channel";
  return "general";
}

/** Element strides of a broadcast input along the axes of the output: 0 where it stretches. */
function strides(input: Shape, out: Shape): number[] {
  const result: number[] = [];
  let stride = 1;
  for (let i = 0; i < out.length; i++) {
    const size = input[input.length - 1 - i] ?? 1;
    result.unshift(size === 1 ? 0 : stride);
    stride *= size;
  }
  return result;
}

/** Runs a chain of pointwise operations in one dispatch. Its shader is the one kind that is put together from a table. */
export function lowerPointwise(low: Lowering, inputs: Record<string, Operand>, { out }: { out: Operand }, { program, constants }: { program: readonly Instruction[]; constants: readonly number[] }): void {
  const operands = Object.values(inputs);
  const size = sizeOf(out.shape);
  const channels = out.shape.at(-1) ?? 1;
  const modes = operands.map((operand) => mode(operand.shape, out.shape));
  const slice = channelSlice(out);
  const wide = size % 4 === 0 && !modes.includes("general") && (!modes.includes("channel") || channels % 4 === 0) && (!out.slice || (channels % 4 === 0 && slice.stride % 4 === 0 && slice.offset % 4 === 0));
  const lanes = wide ? 4 : 1;
  const sliced = out.slice !== undefined;
  const general = modes.includes("general");
  const shader = pointwiseShader(operands.map((o) => o.dtype), out.dtype, modes, general ? out.shape.length : 0, program, constants, wide, sliced);
  const params: Record<string, number> = { total: size / lanes, channels: Math.max(1, channels / lanes), stride: slice.stride / lanes, offset: slice.offset / lanes };
  if (general) {
    out.shape.forEach((n, i) => (params[`size${i}`] = n));
    operands.forEach((operand, k) => {
      if (modes[k] === "general") strides(operand.shape, out.shape).forEach((n, i) => (params[`s${k}_${i}`] = n));
    });
  }
  low.run({ shader, entry: "main", bindings: { ...Object.fromEntries(operands.map((operand, i) => [`x${i}`, operand])), out }, params, constants: {}, workgroups: grid(size / lanes, 64), flops: size * program.length });
}

/** Zeros, infinities and NaN stand as bits joined at run time: WGSL refuses constants that are not finite, and compilers make 0 of 0 · x although x may be NaN. */
const literal = (value: number, type: string): string => {
  if (type !== "f32") return String(value);
  const single = Math.fround(value); // beyond the range of f32 that is an infinity
  if (Number.isFinite(single) && single !== 0) return `f32(${single.toExponential()})`;
  return `bitcast<f32>(no_bits | ${new Uint32Array(Float32Array.of(single).buffer)[0]!}u)`;
};

function pointwiseShader(dtypes: string[], outType: string, modes: Mode[], rank: number, program: readonly Instruction[], constants: readonly number[], wide: boolean, sliced: boolean): Shader {
  const element = wgslTypes[outType] ?? "f32";
  const type = (dtype: string): string => (wide ? `vec4<${wgslTypes[dtype] ?? "f32"}>` : (wgslTypes[dtype] ?? "f32"));
  const T = type(outType);
  const params = ["total", "channels", "stride", "offset", ...Array.from({ length: rank }, (_, i) => `size${i}`), ...modes.flatMap((m, k) => (m === "general" ? Array.from({ length: rank }, (_, i) => `s${k}_${i}`) : []))];
  const index: Record<Mode, (k: number) => string> = {
    full: (k) => `x${k}[t]`,
    scalar: (k) => (wide ? `${type(dtypes[k]!)}(x${k}[0])` : `x${k}[0]`),
    channel: (k) => `x${k}[t % p.channels]`,
    general: (k) => `x${k}[${Array.from({ length: rank }, (_, i) => `i${i} * p.s${k}_${i}`).join(" + ")}]`,
  };
  const lines: string[] = [];
  if (rank > 0) {
    lines.push("var rest = t;");
    for (let i = rank - 1; i >= 0; i--) lines.push(`let i${i} = rest % p.size${i};`, `rest = rest / p.size${i};`);
  }
  modes.forEach((m, k) => lines.push(`let r${k} = ${index[m](k)};`));
  let next = modes.length;
  for (const [name, ...args] of program) {
    const value = name === "const" ? `${T}(${literal(constants[args[0]!]!, element)})` : substitute(expressions[name]!, args.map((a) => `r${a}`), T, wide, element === "f32");
    lines.push(`let r${next++} = ${value};`);
  }
  const array = (m: Mode, dtype: string): string => `array<${m === "scalar" ? (wgslTypes[dtype] ?? "f32") : type(dtype)}>`;
  const code = [
    ...functionsIn(lines.join("\n"), T),
    `struct Params { ${params.map((name) => `${name}: u32,`).join(" ")} }`,
    "@group(0) @binding(0) var<uniform> p: Params;",
    ...modes.map((m, k) => `@group(0) @binding(${k + 1}) var<storage, read> x${k}: ${array(m, dtypes[k]!)};`),
    `@group(0) @binding(${modes.length + 1}) var<storage, read_write> out: array<${T}>;`,
    "@compute @workgroup_size(64)",
    "fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {",
    "let t = gid.x + gid.y * groups.x * 64u;",
    "if (t >= p.total) { return; }",
    // 0, which compilers cannot know: no buffer has so many elements.
    "let no_bits = p.total >> 31u;",
    ...lines,
    `out[${sliced ? "(t / p.channels) * p.stride + p.offset + t % p.channels" : "t"}] = r${next - 1};`,
    "}",
  ].join("\n");
  const bindings = { p: [0, "uniform"], ...Object.fromEntries(modes.map((_, k) => [`x${k}`, [k + 1, "read"]])), out: [modes.length + 1, "read_write"] } as Shader["entries"][string];
  return { name: "pointwise", code, entries: { main: bindings }, params: Object.fromEntries(params.map((name) => [name, "u32" as const])), overrides: {}, consts: {} };
}

function substitute(expression: string, args: string[], T: string, wide: boolean, float: boolean): string {
  const bits = wide ? "vec4u" : "u32";
  const isNaN = float ? `((bitcast<${bits}>($1) & ${bits}(0x7fffffffu)) > ${bits}(0x7f800000u))` : wide ? "vec4<bool>(false)" : "false";
  return expression
    .replace(/NAN\((\$\d)\)/g, isNaN)
    .replace(/MASK\((.*)\)$/, "select(T(0), T(1), $1)")
    .replace(/\bT\b/g, T)
    .replace(/\$(\d)/g, (_, i: string) => args[Number(i)]!);
}
