import { constant, type FloatDType, ops, tensor, type Value } from "../graph/index.js";

const { add, concat, mul, slice } = ops;

/** A rotation of query and key vectors by their position. */
export interface Rotary {
  /** Leading dimensions of a head that are rotated; the others stay as they are. */
  readonly dim: number;
  /** Ratio between the slowest and the fastest angle. */
  readonly base: number;
}

/**
 * Rotary positions as GPT-NeoX has them: in the first `dim` dimensions, j pairs with j + dim/2, and
 * the pair turns by position / base^(2j/dim). Definition: Su et al., "RoFormer", 2021.
 *
 * @param x Queries or keys [b, p, h, e].
 * @param first The position of the first of them.
 */
export function rotate(x: Value, { dim, base }: Rotary, first = 0): Value {
  const positions = x.shape[1] as number;
  const e = x.shape[3] as number;
  const half = dim / 2;
  const angle = (position: number, i: number) => position / base ** ((i % half) / half);
  const table = (f: (angle: number) => number) => {
    const values = Array.from({ length: positions * dim }, (_, i) =>
      f(angle(first + Math.floor(i / dim), i % dim)),
    );
    return constant(tensor(x.dtype as FloatDType, [positions, 1, dim], values)); // [p, 1, dim]
  };
  const part = (start: number, end: number) => slice(x, 3, start, end);
  const turning = part(0, dim); // [b, p, h, dim]
  const quarter = concat([mul(part(half, dim), -1), part(0, half)], 3); // [b, p, h, dim]
  const turned = add(mul(turning, table(Math.cos)), mul(quarter, table(Math.sin)));
  return dim === e ? turned : concat([turned, part(dim, e)], 3); // [b, p, h, e]
}
