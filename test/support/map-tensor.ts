import type { Tensor } from "../../src/graph/index.js";

/** A tensor of the same type and shape with each number replaced. */
export function mapTensor(tensor: Tensor, f: (x: number, index: number) => number): Tensor {
  const data = tensor.data.slice();
  for (let i = 0; i < data.length; i++) (data as Float64Array)[i] = f(Number(data[i]), i);
  return { ...tensor, data } as Tensor;
}
