import { basename, dirname, extname, join, resolve } from "node:path";
import { camMethods } from "../explain/cam-methods.js";
import type { CamTarget } from "../explain/cam-target.js";
import { gradCam } from "../explain/grad-cam.js";
import { decodeImage, decodeMask, encodePng } from "../io/decode.js";
import { ensureDir, readBytes, writeAtomically } from "../io/files.js";
import { toRgb8 } from "../io/image.js";
import { OptionError } from "../runtime/errors.js";
import { choice, counts, defineCommand, flag, number, text, type Given } from "./args.js";
import { openWeights } from "./open-weights.js";
import { withDevice } from "./session.js";
import { openTerminal, type Terminal } from "./terminal.js";

const options = {
  weights: text("FILE", "what atrous train wrote (weights.safetensors)", "w"),
  class: text("NAME", "the class to be explained: its name, or its number", "c"),
  at: counts("X,Y", "explain one pixel: column and row, from 0", 0),
  mask: text("FILE", "explain the pixels where this mask (a PNG of the image's size) is not 0"),
  predicted: flag("explain the pixels that the network gives the class (default: all pixels)"),
  layer: text("PATH", "whose maps are looked at, or several with commas between them (default: the widest at the lowest resolution)"),
  method: choice(camMethods, "grad-cam unless told otherwise"),
  alpha: number("A", "opacity of the colours (0.5)", { min: 0, max: 1 }),
  out: text("FILE", "where the picture goes (out/explain/IMAGE.CLASS.png)", "o"),
  json: flag("print score, layers and file as JSON, and nothing else, on standard output"),
};

/** Which pixels were asked for. */
async function pixelsOf({ at, mask, predicted }: Given<typeof options>): Promise<CamTarget["pixels"]> {
  if ([at, mask, predicted].filter((each) => each !== undefined).length > 1) throw new OptionError("atrous explain: --at, --mask and --predicted exclude each other.");
  if (at && at.length !== 2) throw new OptionError(`atrous explain: --at takes two numbers, column and row, but got ${at.join(",")}.`);
  if (at) return { x: at[0]!, y: at[1]! };
  if (mask !== undefined) return decodeMask(await readBytes(mask), { name: mask });
  return predicted ? "predicted" : "all";
}

async function explain([path]: readonly string[], given: Given<typeof options>, terminal: Terminal): Promise<void> {
  const { weights, method = "grad-cam", alpha, layer } = given;
  for (const [name, value] of Object.entries({ "--weights FILE": weights, ...(method === "eigen-cam" ? {} : { "--class NAME": given.class }) }))
    if (value === undefined) throw new OptionError(`atrous explain: ${name} is missing. See atrous explain --help.`);
  if (method === "eigen-cam" && [given.class, given.at, given.mask, given.predicted].some((each) => each !== undefined)) throw new OptionError("atrous explain: eigen-cam explains no class. Leave --class, --at, --mask and --predicted out.");
  const pixels = await pixelsOf(given);
  const image = toRgb8(await decodeImage(await readBytes(path!), { name: path! }));
  await withDevice(terminal, async (device, signal) => {
    using model = await openWeights(weights!, device);
    const named = given.class !== undefined && !model.classInfo.some(({ name }) => name === given.class) && /^\d+$/.test(given.class) ? Number(given.class) : given.class;
    const target = named === undefined ? undefined : { class: named, pixels };
    const cam = await gradCam(model, image, { target, method, layer: layer?.split(","), signal });
    const about = target ? (typeof target.class === "number" ? model.classInfo[target.class]!.name : target.class) : method;
    const out = given.out ?? join("out", "explain", `${basename(path!, extname(path!))}.${about.replaceAll(/[^\p{L}\p{N}_-]+/gu, "-")}.png`);
    if ([path!, given.mask].some((each) => each !== undefined && resolve(each) === resolve(out))) throw new OptionError(`atrous explain: the picture would take the place of ${out}. Choose another --out.`);
    await ensureDir(dirname(out));
    await writeAtomically(out, encodePng(cam.overlay({ alpha })));
    terminal.line(`${path!} (${cam.width}×${cam.height}) → ${out}: ${target ? `${about}, score ${cam.score!.toPrecision(4)}, ` : ""}${method} of ${cam.layers.map((each) => `${each.path} (${each.width}×${each.height})`).join(", ")}`);
    if (given.json) terminal.json({ image: path, width: cam.width, height: cam.height, out, ...(target ? { class: about, score: cam.score } : {}), method, layers: cam.layers.map((each) => ({ path: each.path, width: each.width, height: each.height })) });
  });
}

export const explainCommand = defineCommand({
  name: "explain",
  summary: "Shows where in an image the score of a class comes from. Writes the image with a heat map over it (Grad-CAM), as PNG.",
  operands: "IMAGE",
  fewest: 1,
  most: 1,
  options,
  notes: ["Layers are named by their paths in the network, as down4.maxpool_conv.1; a name that does not exist is answered with those that do."],
  run: (operands, given) => explain(operands, given, openTerminal({ json: given.json })),
});
