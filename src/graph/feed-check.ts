import { usageError } from "../errors.js";
import { formatShape } from "./shape.js";
import { sizeOf, type Tensor } from "./tensor.js";
import type { NamedValue } from "./graph.js";

/** Sizes of symbolic dimensions, as the feeds of one run have fixed them so far. */
export type Sizes = Map<string, number>;

/**
 * Checks a feed against the value that it replaces and returns it.
 *
 * @throws LabError if the element type, the shape or a symbolic size differs.
 */
export function checkFeed(value: NamedValue, fed: Tensor, sizes: Sizes): Tensor {
  const refuse = (got: string): never => {
    throw usageError(
      `feed "${value.name}": expected ${value.dtype} ${formatShape(value.shape)}, got ${got}`,
      "feed a tensor of the shape that fetching the name gives, or a function that returns one",
    );
  };
  // Types do not reach a program in JavaScript, such as a function that returns nothing.
  if (!Array.isArray(fed?.shape) || !ArrayBuffer.isView(fed.data)) refuse(`${typeof fed}`);
  if (fed.dtype !== value.dtype) refuse(`${fed.dtype} ${formatShape(fed.shape)}`);
  if (fed.shape.length !== value.shape.length) refuse(formatShape(fed.shape));
  if (fed.data.length !== sizeOf(fed.shape)) {
    refuse(`${fed.data.length} numbers for shape ${formatShape(fed.shape)}`);
  }
  for (const [i, expected] of value.shape.entries()) {
    const got = fed.shape[i] as number;
    const size = typeof expected === "number" ? expected : (sizes.get(expected) ?? got);
    if (size !== got) {
      const other = typeof expected === "string" ? ` (${expected} is ${size} in another feed)` : "";
      refuse(`${formatShape(fed.shape)}${other}`);
    }
    if (typeof expected === "string") sizes.set(expected, got);
  }
  return fed;
}
