import { usageError } from "../errors.js";
import {
  type FloatTensor,
  input,
  named,
  ops,
  parameter,
  sizeOf,
  type Tensor,
  tensor,
  type Value,
  zeros,
} from "../graph/index.js";
import type { Model } from "../model/index.js";
import type { ActivationCache } from "./cache.js";
import { applyLnToStack } from "./normalize.js";
import { reshaped, runGraph } from "./programs.js";
import type { ResidualStack } from "./stack.js";

/**
 * Whose logits: one token everywhere, or one for each sequence and position of the stack
 * [batch, position], as rows or as an int32 tensor.
 */
export type AttributedTokens = number | readonly (readonly number[])[] | Tensor<"int32">;

/** How {@link logitAttribution} counts. */
export interface AttributionOptions {
  /** Attribute the logit minus that of these tokens. */
  readonly incorrect?: AttributedTokens;
  /** Also what belongs to no part of the stream (the default): the final LN's bias, and b_U. */
  readonly inclBias?: boolean;
}

/** What each component adds to a logit. */
export interface Attribution {
  readonly labels: readonly string[];
  /** [component, batch, position], logits */
  readonly values: FloatTensor;
  readonly positions: readonly [from: number, to: number];
}

/**
 * Direct logit attribution: what each component of the residual stream adds to the logit of a token,
 * by the scale of the final norm in this run. If the components sum to the stream at its end, as
 * those of `decomposeResid`, `stackHeadResults` with its remainder and `fullResidDecomposition` do,
 * the attributions sum to the logit, also in a model whose LN is not folded: LN's weight is part of
 * the direction, its bias a component `ln_final.b` of its own, and so is `unembed.b_U`.
 * TransformerLens's `logit_attrs` leaves out both biases and LN's weight.
 *
 * @throws LabError for a stack that was normalised otherwise, ids outside the vocabulary, and tokens
 *   whose shape is not the stack's [batch, position]: nothing is broadcast but a single number.
 */
export async function logitAttribution(
  cache: ActivationCache,
  stack: ResidualStack,
  tokens: AttributedTokens,
  { incorrect, inclBias = true }: AttributionOptions = {},
): Promise<Attribution> {
  const { model } = cache;
  const unit = await finalUnit(cache, stack);
  const [components, batch, count, d] = unit.values.shape as [number, number, number, number];
  const ids = (given: AttributedTokens) => tokenIds(given, [batch, count], model.config.dVocab);
  const feed: Record<string, Tensor> = {
    stack: reshaped(unit.values, [components, batch * count, d]),
    correct: ids(tokens),
    ...(incorrect !== undefined && { incorrect: ids(incorrect) }),
  };
  const name = incorrect === undefined ? "logit" : "difference";
  const biases =
    model.config.normalization === "LN" ? ["ln_final.b", "unembed.b_U"] : ["unembed.b_U"];
  const extra = inclBias ? biases : [];
  const outputs = ["parts", ...extra].map((part) => `${name} ${part}`);
  const values = await runGraph(model, "attribution", () => graph(model), outputs, feed);
  const rows = components + extra.length;
  const all = zeros(model.dtype, [rows, batch, count]) as FloatTensor;
  let offset = 0;
  for (const output of outputs) {
    const { data } = values[output] as FloatTensor;
    all.data.set(data, offset);
    offset += data.length;
  }
  return { labels: [...stack.labels, ...extra], values: all, positions: stack.positions };
}

/** The stack after the final norm, its weight and bias left aside. */
async function finalUnit(cache: ActivationCache, stack: ResidualStack): Promise<ResidualStack> {
  const { norm } = stack;
  if (norm === null) return applyLnToStack(cache, stack);
  if (norm.name === "ln_final" && norm.scale === "cached" && !norm.affine) return stack;
  throw usageError(
    `logitAttribution: expected parts of the stream, or these after applyLnToStack, got a stack after ${norm.name}, ${norm.scale} scale${norm.affine ? ", with weight and bias" : ""}`,
    "make the stack without applyLn",
  );
}

/** Attributions of a logit and of a difference of logits, by the columns of W_U that they need. */
function graph({ config, dtype }: Model): Value[] {
  const { dModel: d, dVocab, normalization } = config;
  const stack = input("stack", dtype, ["components", "rows", d]);
  const wU = parameter("unembed.W_U", dtype, [d, dVocab]);
  const bU = parameter("unembed.b_U", dtype, [dVocab]);
  const affine = normalization === "LN";
  const [w, b] = [parameter("ln_final.w", dtype, [d]), parameter("ln_final.b", dtype, [d])];
  const ofToken = (name: string) => {
    const ids = input(name, "int32", [1, "rows"]);
    const columns = ops.gatherElements(wU, ops.expand(ids, [d, 1])); // [d, rows]
    return {
      direction: ops.transpose(columns, [1, 0]), // [rows, d]
      bias: ops.gatherElements(bU, ops.reshape(ids, ["rows"])), // [rows]
    };
  };
  const [correct, incorrect] = [ofToken("correct"), ofToken("incorrect")];
  const difference = {
    direction: ops.sub(correct.direction, incorrect.direction),
    bias: ops.sub(correct.bias, incorrect.bias),
  };
  const roots = ({ direction, bias }: typeof correct, name: string) => {
    const seen = affine ? ops.mul(direction, w) : direction; // [rows, d]
    const parts = [
      named(`${name} parts`, ops.sum(ops.mul(stack, seen), 2)), // [components, rows]
      named(`${name} unembed.b_U`, bias), // [rows]
    ];
    if (!affine) return parts;
    return [...parts, named(`${name} ln_final.b`, ops.sum(ops.mul(direction, b), 1))]; // [rows]
  };
  return [...roots(correct, "logit"), ...roots(difference, "difference")];
}

/** Token ids [1, batch · position], checked against the stack's shape [batch, position]. */
function tokenIds(
  given: AttributedTokens,
  shape: readonly [number, number],
  dVocab: number,
): Tensor<"int32"> {
  const size = sizeOf(shape);
  let ids: ArrayLike<number>;
  let got = shape.join(", ");
  if (typeof given === "number") ids = Array<number>(size).fill(given);
  else if ("data" in given) {
    ids = given.data;
    got = given.shape.join(", ");
  } else {
    ids = given.flat();
    const lengths = [...new Set(given.map((row) => row.length))];
    got = `${given.length}, ${lengths.join(" and ")}`;
  }
  if (got !== shape.join(", ") || ids.length !== size) {
    throw usageError(
      `logitAttribution: expected tokens of the stack's [batch, position] = [${shape.join(", ")}], got [${got}]`,
      "give one id for each sequence and position, or one number for all",
    );
  }
  const bad = Array.from(ids).find((id) => !Number.isInteger(id) || id < 0 || id >= dVocab);
  if (bad !== undefined) {
    throw usageError(`logitAttribution: expected token ids 0 to ${dVocab - 1}, got ${bad}`);
  }
  return tensor("int32", [1, size], ids);
}
