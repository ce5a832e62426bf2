import { CaptureError } from "../runtime/errors.js";
import { inputsOf, type Graph, type Value } from "./node.js";
import { versionOf } from "./passes/rewrite.js";
import type { Variable } from "./variable.js";

/** A variable's old value is gone once a new one was computed in its place: nothing may read it later. */
export function checkVersions(graph: Graph): void {
  const latest = new Map<Variable, number>();
  const check = (reader: string, value: Value): void => {
    const version = versionOf(value);
    if (version?.home && (latest.get(version.home) ?? -1) > version.id)
      throw new CaptureError(`${reader}: reads "${version.home.name}" as it was before this function assigned it. Read it again after the assignment, or do this first.`);
  };
  for (const node of graph.nodes) {
    for (const value of inputsOf(node)) check(node.op.name, value);
    for (const value of Object.values(node.outputs)) if (value.home) latest.set(value.home, value.id);
  }
  for (const value of graph.outputs) check("The function's result", value);
}
