import { LabError } from "../errors.js";
import { formatShape, type Shape } from "./shape.js";
import { type DType, type Tensor, tensor } from "./tensor.js";

interface Typed {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A value that whoever runs the graph must feed, such as the tokens. */
export interface Input extends Typed {
  readonly kind: "input";
  readonly name: string;
}

/** A weight: its numbers are kept beside the graph, so that all sessions share them. */
export interface Parameter extends Typed {
  readonly kind: "parameter";
  readonly name: string;
  /**
   * Whether each session that reads it holds a copy of its own, laid out for its products: faster, and
   * more memory. Such a session lives until it is released.
   */
  readonly held: boolean;
}

/** A small tensor that is part of the graph itself. */
export interface Constant extends Typed {
  readonly kind: "constant";
  readonly tensor: Tensor;
}

/** The same value as `of` under a name, by which it can be fetched and fed: a hook point. */
export interface Named extends Typed {
  readonly kind: "named";
  readonly name: string;
  readonly of: Value;
}

/** An attribute of an ONNX node. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string };

/**
 * The gradient rule of an operation: from the derivative of an objective with respect to its result
 * ("upstream", of the result's shape), that with respect to each input, in the input's shape, as new
 * values of the graph; `null` for an input that has none, such as an index or a condition.
 */
export type GradientRule = (upstream: Value, result: Operation) => readonly (Value | null)[];

/** One ONNX node with one output. */
export interface Operation extends Typed {
  readonly kind: "operation";
  /** The ONNX operator, such as `MatMul`. */
  readonly onnx: string;
  readonly inputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** How derivatives pass through, or `null` if they do not. */
  readonly gradient: GradientRule | null;
}

/**
 * One value, computed in several ways that differ in cost and in the named values on the way.
 * A run takes the first way on which every name that it fetches or feeds has its effect
 * (with `on: "feed"`, only fed names count: fetching one does not change the way).
 */
export interface Choice extends Typed {
  readonly kind: "choice";
  readonly on: "feed" | "use";
  readonly ways: readonly Value[];
}

/** An immutable node of a graph: a tensor to come, with its element type and shape. */
export type Value = Input | Parameter | Constant | Named | Operation | Choice;

/** Declares a value that every run must feed. */
export function input(name: string, dtype: DType, shape: Shape): Input {
  return { kind: "input", name, dtype, shape };
}

/** Declares a weight; see {@link Parameter} for what `held` does. */
export function parameter(
  name: string,
  dtype: DType,
  shape: Shape,
  { held = false }: { readonly held?: boolean } = {},
): Parameter {
  return { kind: "parameter", name, dtype, shape, held };
}

/** A small tensor inside the graph. */
export function constant(value: Tensor): Constant {
  return { kind: "constant", dtype: value.dtype, shape: value.shape, tensor: value };
}

/** A constant scalar. */
export function scalar(dtype: Exclude<DType, "int64">, value: number): Constant {
  return constant(tensor(dtype, [], [value]));
}

/** Gives a value a name, by which it can be fetched and fed. */
export function named(name: string, of: Value): Named {
  return { kind: "named", name, of, dtype: of.dtype, shape: of.shape };
}

/**
 * One value with several ways to compute it, the cheapest first; see {@link Choice}.
 *
 * @throws LabError if the ways differ in element type or shape.
 */
export function choice(on: "feed" | "use", first: Value, ...others: Value[]): Value {
  for (const way of others) {
    if (way.dtype !== first.dtype || formatShape(way.shape) !== formatShape(first.shape)) {
      throw new LabError(
        `choice: expected ${first.dtype} ${formatShape(first.shape)}, got ${way.dtype} ${formatShape(way.shape)}`,
      );
    }
  }
  return others.length === 0
    ? first
    : { kind: "choice", on, ways: [first, ...others], dtype: first.dtype, shape: first.shape };
}

/** The values that a value is computed from, all ways of a choice included. */
export function inputsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case "input":
    case "parameter":
    case "constant":
      return [];
    case "named":
      return [value.of];
    case "operation":
      return value.inputs;
    case "choice":
      return value.ways;
  }
}
