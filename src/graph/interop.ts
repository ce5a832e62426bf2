import { copyBuffer } from "../runtime/copy-buffer.js";
import type { Device, SharedBuffer } from "../runtime/device.js";
import { byteLength, type DType } from "../runtime/dtype.js";
import { CaptureError } from "../runtime/errors.js";
import { checkShape, sizeOf, type Shape } from "../runtime/shape.js";
import { Tensor } from "./tensor.js";

/**
 * A tensor with the contents of a buffer of the program's own, which must be on the same WebGPU device (see
 * `createDevice({ gpuDevice })`). The copy is queued by the call; the buffer stays the program's.
 *
 * @param shape sizes of the axes, row-major without gaps; u8 is packed four to a word, f16 two
 * @param offset byte of the buffer where the tensor begins, a multiple of 4; default 0
 * @throws DeviceError when the buffer is too small or lacks the usage COPY_SRC, or for f16 without the feature "shader-f16"
 */
export function tensorFromBuffer<D extends DType>(device: Device, buffer: SharedBuffer, shape: Shape, dtype: D, { offset = 0 }: { offset?: number } = {}): Tensor<D> {
  checkShape("tensorFromBuffer", shape);
  if (dtype === "f16") device.requireHalf("tensorFromBuffer");
  const storage = device.allocate(byteLength(dtype, sizeOf(shape)), "tensorFromBuffer");
  try {
    copyBuffer("tensorFromBuffer", device, storage, buffer, offset, "in");
  } catch (error) {
    storage.release();
    throw error;
  }
  return new Tensor([...shape], dtype, { storage });
}

/**
 * Queues a copy of a tensor's elements into a buffer of the program's own, on the same WebGPU device. WebGPU copies words of 4
 * bytes: elements of one or two bytes are filled up with zeros to a whole word.
 *
 * @param offset byte of the buffer to begin at, a multiple of 4; default 0
 * @throws DeviceError when the buffer is too small or lacks the usage COPY_DST, DisposedError for a disposed tensor
 */
export function copyToBuffer(tensor: Tensor, buffer: SharedBuffer, { offset = 0 }: { offset?: number } = {}): void {
  if (!tensor.storage) throw new CaptureError("copyToBuffer: a value cannot be copied inside compile() or valueAndGrad(). Return the tensor and copy it outside.");
  copyBuffer("copyToBuffer", tensor.storage.device, tensor.storage, buffer, offset, "out");
}
