/** WebGPU's flag constants, so that neither the DOM's nor Dawn's globals are needed. */
export const BufferUsage = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128, QUERY_RESOLVE: 512 } as const;
export const MapMode = { READ: 1 } as const;
export const ShaderStage = { COMPUTE: 4 } as const;

/** Usage of every tensor buffer: storage that can be copied both ways. */
export const TENSOR_USAGE = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/** Offsets of bindings must be multiples of this (WebGPU's default limit, which adapters only lower). */
export const BINDING_ALIGNMENT = 256;

export const alignUp = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment;

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 1)} MiB`;
