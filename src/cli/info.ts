import { readBytes } from "../io/files.js";
import { readSafetensors } from "../io/safetensors.js";
import { measureAdapter } from "../kernels/adapter-limits.js";
import { readCheckpoint } from "../train/checkpoint.js";
import { defineCommand, flag, type Given } from "./args.js";
import { withDevice } from "./session.js";
import { openTerminal, plural, table, type Terminal } from "./terminal.js";

const options = {
  json: flag("print it as JSON, and nothing else, on standard output"),
};

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MiB`;

/** The limits that decide what runs. */
const limits = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup"] as const;

async function adapterInfo(given: Given<typeof options>, terminal: Terminal): Promise<void> {
  await withDevice(terminal, async (device) => {
    const { adapter } = device;
    terminal.progress("Measuring …");
    const { gflops, fastestForm, gigabytesPerSecond } = await measureAdapter(device);
    const facts = { adapter: adapter.name, vendor: adapter.vendor, architecture: adapter.architecture, software: adapter.software, features: [...adapter.features].sort(), limits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])), gflops, fastestForm, gigabytesPerSecond };
    if (given.json) return terminal.json(facts);
    terminal.line(`${adapter.software ? "A software adapter: it computes on the CPU." : "A GPU."}`);
    for (const line of table([
      ["FMA peak", `${gflops.toFixed(1)} GFLOP/s (f32, the best of several kernels: ${fastestForm})`],
      ["copy bandwidth", `${gigabytesPerSecond.toFixed(1)} GB/s (read and write together)`],
      ["features", facts.features.join(", ") || "none"],
      ...limits.map((name) => [name, /Size$/.test(name) && adapter.limits[name] >= 2 ** 20 ? mebibytes(adapter.limits[name]) : String(adapter.limits[name])]),
    ].map(([name, value]) => [`${name}  ${value}`]))) terminal.line(line);
  });
}

async function fileInfo(path: string, given: Given<typeof options>, terminal: Terminal): Promise<void> {
  const bytes = await readBytes(path);
  const { tensors, metadata } = readSafetensors(bytes, path);
  const values = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const facts: Record<string, unknown> = { file: path, bytes: bytes.length, tensors: tensors.size, values };
  const parsed = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "null");
    } catch {
      return metadata[key];
    }
  };
  if (metadata["format"] === "atrous-checkpoint") {
    const { progress } = readCheckpoint(bytes, path);
    Object.assign(facts, { kind: "training checkpoint", step: progress.step, best: progress.best, adapter: progress.adapter, course: progress.course });
  } else if (metadata["format"] === "atrous") Object.assign(facts, { kind: "weights", formatVersion: metadata["formatVersion"], architecture: metadata["architecture"], options: parsed("options"), classes: parsed("classes"), normalisation: parsed("normalisation") });
  else Object.assign(facts, { kind: "safetensors file of another program", metadata });
  if (given.json) return terminal.json({ ...facts, list: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })) });
  terminal.line(`${path}: ${String(facts["kind"])}, ${mebibytes(bytes.length)}, ${plural(tensors.size, "tensor")}, ${values.toLocaleString("en")} values.`);
  for (const [name, value] of Object.entries(facts)) {
    if (["file", "bytes", "tensors", "values", "kind"].includes(name) || value === null || value === undefined) continue;
    terminal.line(`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  terminal.line();
  for (const line of table([["tensor", "dtype", "shape"], ...[...tensors].map(([name, { dtype, shape }]) => [name, dtype, `[${shape.join(", ")}]`])])) terminal.line(line);
}

export const infoCommand = defineCommand({
  name: "info",
  summary: "Says what the adapter can do and how fast it is; or, given a file, what weights or checkpoint it holds.",
  operands: "[FILE]",
  fewest: 0,
  most: 1,
  options,
  run: async ([file], given) => {
    const terminal = openTerminal({ json: given.json });
    await (file === undefined ? adapterInfo(given, terminal) : fileInfo(file, given, terminal));
  },
});
