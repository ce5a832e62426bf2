/** Counts the bytes of the buffers of a device from now on, from their creation to `destroy()`; returns what the most was. */
export function countBuffers(device: GPUDevice): () => number {
  let live = 0;
  let peak = 0;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const { size } = descriptor;
    live += size;
    peak = Math.max(peak, live);
    const destroy = buffer.destroy.bind(buffer);
    let gone = false;
    buffer.destroy = () => {
      if (!gone) live -= size;
      gone = true;
      return destroy();
    };
    return buffer;
  };
  return () => peak;
}
