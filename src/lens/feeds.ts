/**
 * Interventions that are data: what replaces a value is computed inside the graph, and which head or
 * position, which factor and which vector are inputs of it, so that all of them share one session.
 */
import { usageError } from "../errors.js";
import {
  type BoundFeed,
  constant,
  type FeedInput,
  formatShape,
  type GraphFeed,
  type NamedValue,
  ops,
  type Shape,
  type Tensor,
  tensor,
  type Value,
} from "../graph/index.js";
import { isEverything, type Selections, selectionMask } from "./selection.js";

const everywhere: Selections = {};

/** Sets the selected part of a value to zero. */
export function zero(where: Selections = everywhere): GraphFeed {
  return blend(
    "zero",
    where,
    (value) => ({ zero: numbers(value, [0], []) }),
    (original, { zero: input }) => fill(original, input as Value),
  );
}

/** Multiplies the selected part of a value by a factor. */
export function scale(factor: number, where: Selections = everywhere): GraphFeed {
  return blend(
    "scale",
    where,
    (value) => ({ factor: numbers(value, [factor], []) }),
    (original, { factor }) => ops.mul(original, factor as Value),
  );
}

/**
 * Adds a tensor to the selected part of a value: a vector, such as a steering direction [d_model], or
 * any tensor that broadcasts against it.
 */
export function addTensor(added: Tensor, where: Selections = everywhere): GraphFeed {
  return blend(
    "add",
    where,
    (value) => ({ added: operand(value, added) }),
    (original, { added: input }) => ops.add(original, input as Value),
  );
}

/**
 * Puts other numbers in the place of the selected part of a value: of another run, of a mean, of
 * other sequences. The tensor has the value's shape or broadcasts against it; a batch of 1 serves all
 * sequences.
 */
export function replace(by: Tensor, where: Selections = everywhere): GraphFeed {
  return blend(
    "replace",
    where,
    (value) => ({ by: operand(value, by) }),
    (original, { by: input }) => fill(original, input as Value),
  );
}

/** A feed that changes the selected part of a value and leaves the rest as it is. */
function blend(
  kind: string,
  where: Selections,
  inputsFor: (value: NamedValue) => Record<string, FeedInput>,
  change: (original: Value, inputs: Readonly<Record<string, Value>>) => Value,
): GraphFeed {
  return {
    bind(value): BoundFeed {
      if (value.dtype !== "float32" && value.dtype !== "float64") {
        throw usageError(`feed "${value.name}": expected numbers to change, got ${value.dtype}`);
      }
      const inputs = inputsFor(value);
      const mask = isEverything(where) ? null : selectionMask(value, where);
      const all = mask === null ? inputs : { ...inputs, mask };
      return {
        key: `${kind} ${describe(all)}`,
        inputs: all,
        build(original, built) {
          const changed = change(original, built);
          return mask === null ? changed : ops.where(built.mask as Value, changed, original);
        },
      };
    },
  };
}

/** The numbers of `by` in the shape of the original. */
function fill(original: Value, by: Value): Value {
  if (formatShape(by.shape) === formatShape(original.shape)) return by;
  return ops.where(constant(tensor("bool", [], [1])), by, original);
}

function numbers({ dtype }: NamedValue, data: readonly number[], shape: Shape): FeedInput {
  return { tensor: tensor(dtype as "float32" | "float64", shape as number[], data), shape };
}

/** A tensor that broadcasts against a value, as an input of the graph. */
function operand(value: NamedValue, given: Tensor): FeedInput {
  const refuse = (): never => {
    const got = `${given.dtype} [${given.shape.join(", ")}]`;
    throw usageError(
      `feed "${value.name}": expected ${value.dtype} that broadcasts to [${value.shape.join(", ")}], got ${got}`,
    );
  };
  const offset = value.shape.length - given.shape.length;
  if (given.dtype !== value.dtype || offset < 0) refuse();
  const shape = given.shape.map((size, i) => {
    const dim = value.shape[i + offset];
    if (size === 1 && dim !== 1) return 1;
    if (typeof dim === "string") return dim;
    return dim === size ? size : refuse();
  });
  return { tensor: given, shape };
}

/** Names, types and shapes of inputs: what the built nodes depend on. */
function describe(inputs: Readonly<Record<string, FeedInput>>): string {
  return Object.entries(inputs)
    .map(
      ([
        name,
        {
          tensor: { dtype },
          shape,
        },
      ]) => `${name}:${dtype}[${shape.join(",")}]`,
    )
    .join(" ");
}
