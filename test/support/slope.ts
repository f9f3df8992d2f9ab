import type { Tensor } from "../../src/graph/index.js";
import { mapTensor } from "./map-tensor.js";

/** Runs something on a value and gives back a scalar. */
type Measure = (x: Tensor) => Promise<Tensor>;

/** Central difference of a scalar along a direction. */
export async function slope(
  measure: Measure,
  x: Tensor,
  direction: Tensor,
  step = 1e-5,
): Promise<number> {
  const moved = (sign: number) =>
    mapTensor(x, (value, i) => value + sign * step * Number(direction.data[i]));
  const [up, down] = [await measure(moved(1)), await measure(moved(-1))];
  return (Number(up.data[0]) - Number(down.data[0])) / (2 * step);
}

/** Central differences of a scalar by each element of a value. */
export async function slopes(measure: Measure, x: Tensor): Promise<Tensor> {
  const differences: number[] = [];
  for (let i = 0; i < x.data.length; i++) {
    differences.push(
      await slope(
        measure,
        x,
        mapTensor(x, (_, j) => (i === j ? 1 : 0)),
      ),
    );
  }
  return mapTensor(x, (_, i) => differences[i] as number);
}

/** Σ aᵢ bᵢ. */
export function dot(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Number(a.data[i]) * Number(b.data[i]);
  return sum;
}
