import { philox4x32 } from "../../src/random/index.js";
import { type FloatDType, sizeOf, type Tensor, tensor } from "../../src/graph/index.js";

/** Numbers uniform in [−1, 1), the same for the same seed. */
export function randomTensor(dtype: FloatDType, shape: readonly number[], seed: number): Tensor {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [word] = philox4x32([i, 0, 0, 0], [seed, 0]);
    return ((word as number) / 2 ** 32) * 2 - 1;
  });
  return tensor(dtype, shape, values);
}
