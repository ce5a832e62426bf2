import { defineOp, type Spec } from "../graph/op.js";
import type { Tensor } from "../graph/tensor.js";
import { lowerUpsampledArgmax, type UpsampledArgmaxParams } from "../kernels/upsampled-argmax.js";
import type { ArgmaxParams } from "../kernels/argmax.js";
import type { Resampling } from "../graph/op.js";

/** `argmax` over the classes of logits that `resize` has enlarged bilinearly, in one. Plans make it out of the two. */
const upsampledArgmaxOp = defineOp({
  name: "upsampledArgmax",
  shape: ({ x }: { x: Spec }, { size, keepDims, bytes }: UpsampledArgmaxParams): Spec => ({ shape: [x.shape[0]!, ...size, ...(keepDims ? [1] : [])], dtype: bytes ? "u8" : "u32" }),
  gradient: { x: null },
  lower: lowerUpsampledArgmax,
});

/** What `argmax` becomes behind a resampling; undefined where that is not bilinear, or the search not for the largest class. */
export function argmaxOfResampled(x: Tensor, { axis, keepDims, smallest, bytes }: ArgmaxParams, { mode, size, placement }: Resampling): Tensor | undefined {
  if (mode !== "bilinear" || axis !== 3 || smallest) return undefined;
  return upsampledArgmaxOp({ x }, { size, placement, keepDims, bytes });
}
