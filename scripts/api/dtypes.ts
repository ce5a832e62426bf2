// Prints docs/api/dtypes.md: which dtypes each operator takes, and through which tensors it has a gradient. Found by calling each
// with tensors of every dtype while only shapes are recorded, so that the table says what the code does.
import { Capture } from "../../src/graph/capture.js";
import { inputsOf, type Value } from "../../src/graph/node.js";
import { gradients } from "../../src/ops/gradients.js";
import { DTypeError, GradientError } from "../../src/runtime/errors.js";
import { dtypes, type DType } from "../../src/runtime/dtype.js";
import type { Tensor } from "../../src/graph/tensor.js";
import * as atrous from "../../src/index.js";
import { probes } from "./probes.js";

type Outcome = "yes" | "no";

function attempt(name: string, dtype: DType, withGradient: boolean): Outcome {
  const capture = new Capture({ shapesOnly: true });
  const made: Tensor[] = [];
  const t = (shape: number[]): Tensor => {
    const input = capture.input(shape, dtype);
    made.push(input);
    return input;
  };
  const u = (shape: number[], kind: DType = "u32"): Tensor => capture.input(shape, kind);
  let flows = true;
  try {
    capture.run(() => {
      const result = probes[name]!(t as never, u as never);
      if (!withGradient) return;
      const out = ("dtype" in (result as object) ? result : Object.values(result as object)[0]) as Tensor;
      const seed = capture.input(out.shape, out.dtype);
      flows = dependsOn(gradients(out, [made[0]!], seed)[0]!.value!, seed.value!);
    });
    return flows ? "yes" : "no";
  } catch (error) {
    if (error instanceof DTypeError || error instanceof GradientError) return "no";
    throw new Error(`${name} with ${dtype}: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether the seed has a part in the gradient; where an operator has none it is a constant zero. */
const dependsOn = (value: Value, seed: Value): boolean => value === seed || (value.from !== undefined && inputsOf(value.from.node).some((input) => dependsOn(input, seed)));

/** "Operators/conv2d", "Losses/diceLoss", … */
const asked = process.argv.slice(2).map((text) => text.split("/") as [section: string, name: string]);
const missing = asked.map(([, name]) => name).filter((name) => !(name in probes));
const gone = Object.keys(probes).filter((name) => !(name in atrous));
if (missing.length > 0) throw new Error(`scripts/api/probes.ts has no line for ${missing.join(", ")}.`);
if (gone.length > 0) throw new Error(`scripts/api/probes.ts has lines for what is not exported: ${gone.join(", ")}.`);

function row(section: string, name: string): string {
  const marks = dtypes.map((dtype) => (attempt(name, dtype, false) === "yes" ? "✓" : ""));
  const gradient = (["f32", "f16"] as const).filter((dtype) => marks[dtypes.indexOf(dtype)] && attempt(name, dtype, true) === "yes");
  return `| ${[`[${name}](${section.toLowerCase()}.md#${name.toLowerCase()})`, ...marks, gradient.join(", ") || "none"].join(" | ")} |`;
}

function table(section: string): string {
  const rows = asked.filter(([of]) => of === section).map(([, name]) => row(section, name));
  return `| | ${dtypes.join(" | ")} | gradient |\n|---|${dtypes.map(() => ":-:|").join("")}---|\n${rows.join("\n")}`;
}

console.log(`<!-- Written by scripts/gen-api.mjs, by calling each operator; edit scripts/api/probes.ts. -->
# Operators and dtypes

What the operator's main tensors may be (labels, indices and masks are whole numbers in any case), and for which it has a gradient.
Other dtypes are refused by name. f16 is a way to store: every kernel reads it, computes and adds up in f32, and writes it; it needs
an adapter with the feature "shader-f16". Whole numbers are exact.

## Operators

${table("Operators")}

## Losses

By the dtype of the logits; f16 ones are made f32 first, as PyTorch's autocast does, and so is the loss.

${table("Losses")}`);
