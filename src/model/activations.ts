import { ops, type Value } from "../graph/index.js";

/** Activation functions of the MLP layers, by TransformerLens's names. */
export const activations = ["gelu", "gelu_new", "solu_ln"] as const;

/** An activation function by TransformerLens's name. */
export type Activation = (typeof activations)[number];

const { add, clip, div, erf, exp, mul, sub, tanh } = ops;

/**
 * The exact GELU x Φ(x) = x (1 + erf(x/√2)) / 2. Definition: Hendrycks and Gimpel, "Gaussian Error
 * Linear Units", 2016; TransformerLens's `gelu`.
 */
export function gelu(x: Value): Value {
  const scaled = mul(x, Math.SQRT1_2);
  const error = x.dtype === "float64" ? erfSeries(scaled) : erf(scaled);
  return mul(mul(x, add(error, 1)), 0.5);
}

/** GPT-2's GELU, with tanh: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2; TransformerLens's `gelu_new`. */
export function geluNew(x: Value): Value {
  const cube = mul(mul(x, x), x);
  const inner = mul(add(x, mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, add(tanh(inner), 1)), 0.5);
}

/** SoLU: x softmax(x) over the last axis. Definition: Elhage et al., "Softmax Linear Units", 2022. */
export function solu(x: Value): Value {
  return mul(x, ops.softmax(x));
}

/** Beyond this the error function is ±1 in float64. */
const flat = 6;
/** Terms after which the series has converged at ±`flat`: each is then below 2⁻⁵³ of the sum. */
const terms = 170;

/**
 * The error function in float64, for which ONNX Runtime has no kernel:
 * erf(x) = 2/√π · x e^(−x²) Σₙ (2x²)ⁿ / (3·5·…·(2n+1)), in which no term cancels another
 * (Abramowitz and Stegun, 7.1.6).
 */
export function erfSeries(value: Value): Value {
  const x = clip(value, -flat, flat);
  const square = mul(x, x);
  const doubled = mul(square, 2);
  let sum: Value = add(mul(doubled, 0), 1);
  for (let n = terms; n > 0; n--) sum = add(mul(div(doubled, 2 * n + 1), sum), 1);
  return mul(mul(mul(x, exp(sub(0, square))), sum), 2 / Math.sqrt(Math.PI));
}
