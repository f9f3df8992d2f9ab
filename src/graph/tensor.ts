/** Element types that the graph knows. Integers carry token ids and indices; `int64` is ONNX's own index type. */
export type DType = "float32" | "float64" | "int32" | "int64" | "bool";

/** The element types a model can be computed in. */
export type FloatDType = "float32" | "float64";

interface DataByDType {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
}

/** The typed array that holds a tensor of the given element type. */
export type TensorData<D extends DType = DType> = DataByDType[D];

/** Numbers with a shape, row-major: what is fed to a graph and what is fetched from it. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TensorData<D>;
}

/** A tensor of floating-point numbers. */
export type FloatTensor = Tensor<"float32"> | Tensor<"float64">;

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** Number of elements of a shape: the product of its dimensions, 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Zeros of a given shape. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return { dtype, shape, data: new arrays[dtype](sizeOf(shape)) as TensorData<D> };
}

/**
 * A tensor from numbers, row-major.
 *
 * @throws RangeError if the count of numbers is not the size of the shape.
 */
export function tensor<D extends Exclude<DType, "int64">>(
  dtype: D,
  shape: readonly number[],
  values: ArrayLike<number>,
): Tensor<D> {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: expected ${sizeOf(shape)} numbers for shape [${shape.join(", ")}], got ${values.length}`,
    );
  }
  return { dtype, shape, data: arrays[dtype].from(values) as TensorData<D> };
}

/** The same numbers in another floating-point type; the tensor itself if it has that type already. */
export function castFloat<D extends FloatDType>(value: FloatTensor, dtype: D): Tensor<D> {
  if (value.dtype === dtype) return value as Tensor<D>;
  return { dtype, shape: value.shape, data: arrays[dtype].from(value.data) as TensorData<D> };
}
