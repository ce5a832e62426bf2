export { defaultClasses } from "./class-info.js";
export { architectureNames, createModel, type ModelDescription } from "./create.js";
export { SegNet, SegNetBasic, type SegNetOptions } from "./segnet.js";
export { SegmentationModel, type Normalisation } from "./segmentation-model.js";
export { summary, type LayerSummary, type ModelSummary } from "./summary.js";
export { UNet, type UNetOptions } from "./unet.js";
