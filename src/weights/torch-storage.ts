import { type FloatTensor, sizeOf } from "../graph/tensor.js";
import { bfloat16ToFloat32, halfToFloat32 } from "./half.js";
import type { TorchTensor } from "./torch-pickle.js";

interface StorageType {
  /** Bytes of one element. */
  readonly size: number;
  /** Numbers of little-endian bytes, aligned and of their own; `null` for what is no weight. */
  readonly decode:
    ((bytes: Uint8Array<ArrayBuffer>, shape: readonly number[]) => FloatTensor) | null;
}

const float32 = (shape: readonly number[], data: Float32Array): FloatTensor => ({
  dtype: "float32",
  shape,
  data,
});

/** torch's storages by class name. */
export const storageTypes = {
  FloatStorage: {
    size: 4,
    decode: ({ buffer, length }, shape) => float32(shape, new Float32Array(buffer, 0, length / 4)),
  },
  DoubleStorage: {
    size: 8,
    decode: ({ buffer, length }, shape) => ({
      dtype: "float64",
      shape,
      data: new Float64Array(buffer, 0, length / 8),
    }),
  },
  HalfStorage: {
    size: 2,
    decode: ({ buffer, length }, shape) =>
      float32(shape, halfToFloat32(new Uint16Array(buffer, 0, length / 2))),
  },
  BFloat16Storage: {
    size: 2,
    decode: ({ buffer, length }, shape) =>
      float32(shape, bfloat16ToFloat32(new Uint16Array(buffer, 0, length / 2))),
  },
  LongStorage: { size: 8, decode: null },
  IntStorage: { size: 4, decode: null },
  ShortStorage: { size: 2, decode: null },
  CharStorage: { size: 1, decode: null },
  ByteStorage: { size: 1, decode: null },
  BoolStorage: { size: 1, decode: null },
} as const satisfies Record<string, StorageType>;

/** The class name of a storage. */
export type StorageName = keyof typeof storageTypes;

/** The bytes `[begin, end)` of its storage in which a tensor that is not empty lies. */
export function spanOf({ storage, offset, shape, strides }: TorchTensor): [number, number] {
  const { size } = storageTypes[storage.type];
  const last = shape.reduce((at, dim, axis) => at + (dim - 1) * (strides[axis] as number), offset);
  return [offset * size, (last + 1) * size];
}

/**
 * The bytes of a tensor's elements, row-major; the given bytes themselves where they are in order.
 *
 * @param bytes Those of the storage from the tensor's first element to its last one, {@link spanOf}.
 */
export function gatherStrided(
  bytes: Uint8Array<ArrayBuffer>,
  { storage, shape, strides }: TorchTensor,
): Uint8Array<ArrayBuffer> {
  const { size } = storageTypes[storage.type];
  const count = sizeOf(shape);
  let inner = 1;
  let inOrder = true;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== inner) inOrder = false;
    inner *= shape[axis] as number;
  }
  if (inOrder) return bytes;
  const out = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++)
      out[i * size + byte] = bytes[from * size + byte] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      from += stride;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= stride * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
