import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticData } from "../../../src/cli/quickstart-data.js";
import { decodeImage, decodeMask, encodePng } from "../../../src/io/decode.js";
import { atrous, folder } from "./support.js";

let home: Awaited<ReturnType<typeof folder>>;
let data: string;
// A step takes 5 ms: there must be enough of them left for an interrupt to arrive.
const tiny = ["--widths", "4,8", "--size", "32", "--batch", "2", "--steps", "24", "--validate-every", "4", "--lr", "0.01", "--workers", "0"];

beforeAll(async () => {
  home = await folder();
  data = join(home.path, "data");
  await syntheticData(data, 0, { train: 6, val: 2, test: 2, side: 40 });
});
afterAll(() => home[Symbol.asyncDispose]());

const at = (...parts: string[]): string => join(home.path, ...parts);

describe("atrous", () => {
  test("says how it is used at every level, and what is wrong in one sentence", async () => {
    const [help, wrong, missing] = await Promise.all([atrous(["--help"]), atrous(["trian"]), atrous(["train", at("nowhere")])]);
    expect(help).toMatchObject({ code: 0, err: "" });
    for (const name of ["train", "segment", "evaluate", "info", "quickstart"]) expect(help.out).toContain(`\n  ${name} `);
    expect(wrong).toMatchObject({ code: 1, out: "", err: 'atrous: there is no command "trian". Did you mean train? See atrous --help.\n' });
    expect(missing).toMatchObject({ code: 1, err: `${at("nowhere")}: there is no such folder.\n` });
  });

  test("trains, is interrupted, goes on bit for bit, and its weights can be used", async () => {
    const whole = await atrous(["train", data, ...tiny, "--out", at("whole")]);
    expect(whole).toMatchObject({ code: 0, err: "" });
    expect(whole.out).toMatch(/^Adapter: .+\n6 training images, 2 validation images\. Classes: background, nucleus\.\nunet, [\d,]+ parameters; 32×32, batches of 2, 24 steps\.\n/);
    expect(whole.out).toMatch(/Validation after 24 steps: mean IoU 0\.\d+, loss/);
    expect(whole.out).not.toContain("\r");

    let sent = false;
    const half = await atrous(["train", data, ...tiny, "--out", at("half")], {
      until: (out, kill) => {
        if (sent || !out.includes("Validation after 4 steps")) return;
        sent = true;
        kill("SIGINT");
        setTimeout(() => kill("SIGINT"), 50); // as npm passes on what the terminal has sent already
      },
    });
    expect(half).toMatchObject({ code: 130, signal: null, err: "Stopping … (Ctrl-C again ends at once)\n" });
    expect(half.out).toContain(`To go on: atrous train ${data} --out ${at("half")} --resume`);
    const again = await atrous(["train", data, "--out", at("half")]);
    expect(again).toMatchObject({ code: 1, err: `atrous train: ${at("half")} holds a run already. Go on with --resume, begin anew with --overwrite, or choose another --out.\n` });
    const rest = await atrous(["train", data, "--out", at("half"), "--resume", "--workers", "0"]);
    expect(rest).toMatchObject({ code: 0, err: "" });
    for (const file of ["weights.safetensors", "checkpoint.safetensors", "log.jsonl"]) expect(await readFile(at("half", file)), file).toEqual(await readFile(at("whole", file)));
    expect((await readdir(at("half"))).sort()).toEqual(["checkpoint.safetensors", "log.jsonl", "weights.safetensors"]);

    const weights = at("whole", "weights.safetensors");
    const odd = at("odd.png");
    await writeFile(odd, encodePng({ width: 37, height: 23, channels: 4, data: new Uint8Array(37 * 23 * 4).map((_, i) => (i * 31) & 255) }));
    const segmented = await atrous(["segment", odd, join(data, "test", "images"), "--weights", weights, "--out", at("seg"), "--overlay", "--probabilities", "--json"]);
    expect(segmented.code).toBe(0);
    expect(segmented.err).toMatch(/^Adapter: /);
    const found = JSON.parse(segmented.out) as { image: string; width: number; height: number; mask: string; classes: { name: string; pixels: number }[] }[];
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({ image: odd, width: 37, height: 23, mask: at("seg", "odd.png"), overlay: at("seg", "odd.overlay.png"), probabilities: { background: at("seg", "odd.background.png"), nucleus: at("seg", "odd.nucleus.png") } });
    const mask = decodeMask(await readFile(at("seg", "odd.png")));
    expect([mask.width, mask.height]).toEqual([37, 23]);
    expect(found[0]!.classes.map(({ pixels }) => pixels)).toEqual([0, 1].map((label) => mask.data.filter((each) => each === label).length));
    expect(await decodeImage(await readFile(at("seg", "odd.overlay.png")))).toMatchObject({ width: 37, height: 23, channels: 3 });
    expect((await decodeImage(await readFile(at("seg", "odd.nucleus.png")))).data).toBeInstanceOf(Uint16Array);

    const evaluated = JSON.parse((await atrous(["evaluate", data, "--weights", weights, "--json", "--c0", "2"])).out) as { images: number; confusionMatrix: { counts: number[][] }; costWeightedError: { foreground: number } };
    const { counts } = evaluated.confusionMatrix;
    expect(evaluated.images).toBe(2);
    expect(evaluated).toMatchObject({ kappa: expect.any(Number), micro: { iou: expect.any(Number) }, weighted: { dice: expect.any(Number) } });
    expect(counts.flat().reduce((a, b) => a + b)).toBe(2 * 40 * 40);
    expect(evaluated.costWeightedError.foreground).toBe(2 * counts[0]![1]! + counts[1]![0]!);
    const info = JSON.parse((await atrous(["info", weights, "--json"])).out) as object;
    expect(info).toMatchObject({ kind: "weights", architecture: "unet", options: { widths: [4, 8], classes: 2 }, classes: [{ name: "background" }, { name: "nucleus" }] });
    expect((await atrous(["info", at("whole", "checkpoint.safetensors")])).out).toContain("training checkpoint");
  }, 180_000);

  test("refuses what cannot be used, and goes on with the other images", async () => {
    const weights = at("whole", "weights.safetensors");
    const cut = at("cut.safetensors");
    await writeFile(cut, await readFile(weights));
    await truncate(cut, 3000);
    await writeFile(at("notes.png"), "no image");
    const image = join(data, "test", "images");
    const [broken, partly, self] = await Promise.all([
      atrous(["segment", image, "--weights", cut]),
      atrous(["segment", at("notes.png"), image, "--weights", weights, "--out", at("some")]),
      atrous(["segment", image, "--weights", weights, "--out", image]),
    ]);
    expect(broken.err).toMatch(/^\S+cut\.safetensors cannot be read as safetensors: it is cut off .*\.\n$/);
    expect(partly.err).toBe(`${at("notes.png")} is not an image that can be read. PNG and JPEG files can be read.\n`);
    expect(partly.out).toContain("2 of 3 images");
    expect(self.err).toMatch(/^atrous segment: the class map of .* would take the place of an image in .*\. Choose another --out\.\n$/);
    for (const { code } of [broken, partly, self]) expect(code).toBe(1);
  }, 60_000);

  test("the quick start leaves what it promises", async () => {
    const out = at("quickstart");
    const ran = await atrous(["quickstart", "--steps", "2", "--out", out]);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(/Mean IoU on unseen images: 0\.\d{4}, below the 0\.80 that this should reach\./);
    expect((await readdir(out)).sort()).toEqual(["checkpoint.safetensors", "data", "log.jsonl", "loss-curve.svg", "masks", "metrics.json", "overlays", "report.html", "weights.safetensors"]);
    expect(await readdir(join(out, "overlays"))).toHaveLength(16);
    const report = await readFile(join(out, "report.html"), "utf8");
    expect(report).not.toMatch(/(src|href)="(?!data:)/);
    expect(report.match(/<img /g)).toHaveLength(4 * 12);
    expect(JSON.parse(await readFile(join(out, "metrics.json"), "utf8"))).toMatchObject({ images: 16, mean: { iou: expect.any(Number) }, adapter: expect.any(String) });
  }, 120_000);
});
