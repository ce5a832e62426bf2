// Every network with what is published of it: the exact counts that tests hold it to, and the rows of docs/networks.md.
import { FCNResNet } from "../../src/models/fcn-resnet.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { SegNet, SegNetBasic } from "../../src/models/segnet.js";
import { UNet } from "../../src/models/unet.js";

/** A network as published. */
export interface Network {
  /** Heading that it stands under. */
  readonly family: string;
  /** What its authors call it. */
  readonly name: string;
  readonly model: new (options: never) => SegmentationModel;
  readonly options: { readonly classes: number; readonly inChannels?: number };
  readonly parameters: number;
  /** Entries of the state dict, running statistics and batch counts included. */
  readonly entries: number;
  /** Height and width of the image that the multiply-adds are for. */
  readonly size: readonly [height: number, width: number];
  /** Multiply-adds in billions, in the digits that are known. */
  readonly billions: string;
  /** Where the numbers are from. */
  readonly source: string;
  /** What `bench/networks.ts` trains where the published width is beyond a CPU: options to add. */
  readonly reduced?: Readonly<Record<string, unknown>>;
  /** Height and width for that, where 256 × 256 does not fit the architecture. */
  readonly trainingSize?: readonly [height: number, width: number];
}

const network = <O extends Network["options"]>(family: string, name: string, model: new (options: O) => SegmentationModel, options: O, rest: Omit<Network, "family" | "name" | "model" | "options">): Network => ({ family, name, model, options, ...rest });

export const networks: readonly Network[] = [
  network("U-Net", "milesial Pytorch-UNet", UNet, { classes: 2 }, { parameters: 31_037_698, entries: 118, size: [256, 256], billions: "48.17", source: "milesial/Pytorch-UNet" }),
  network("U-Net", "milesial Pytorch-UNet, bilinear", UNet, { classes: 2, bilinear: true }, { parameters: 17_263_042, entries: 110, size: [256, 256], billions: "39.98", source: "milesial/Pytorch-UNet" }),
  network("SegNet", "SegNet", SegNet, { classes: 11 }, { parameters: 29_449_355, entries: 177, size: [360, 480], billions: "106.7", source: "Badrinarayanan 2017, 29.5 M" }),
  network("SegNet", "SegNet-Basic", SegNetBasic, { classes: 11 }, { parameters: 1_416_587, entries: 58, size: [360, 480], billions: "59.2", source: "Badrinarayanan 2017, prints 1.425 M" }),
  network("FCN", "fcn_resnet50", FCNResNet, { classes: 21 }, { parameters: 35_322_218, entries: 334, size: [520, 520], billions: "152.717", source: "torchvision `_ops`, with the auxiliary head" }),
];

/** The constructor call, as a user writes it. */
export function constructorOf({ model, options }: Pick<Network, "model" | "options">): string {
  const value = (v: unknown): string => (Array.isArray(v) ? `[${v.map(value).join(", ")}]` : typeof v === "object" && v !== null ? `{ ${Object.entries(v).map(([k, w]) => `${k}: ${value(w)}`).join(", ")} }` : JSON.stringify(v));
  return `new ${model.name}(${value(options)})`;
}
