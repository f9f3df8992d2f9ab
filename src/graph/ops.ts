/**
 * The operators that graphs are built from. Each function states, side by side, the ONNX operator
 * it becomes (opset 21), the type and shape of its result, and its gradient rule.
 *
 * Operands may be numbers where an elementwise operator takes them: they become constants of the
 * other side's element type. Shapes that do not fit throw a RangeError when the graph is built.
 */
export {
  add,
  cast,
  clip,
  div,
  equal,
  greater,
  erf,
  exp,
  log,
  mul,
  sqrt,
  sub,
  tanh,
  where,
} from "./ops/elementwise.js";
export { reshape, transpose } from "./ops/arrange.js";
export { expand, sum, sumLast } from "./ops/broadcast.js";
export { at, concat, slice } from "./ops/parts.js";
export { matMul } from "./ops/mat-mul.js";
export { gatherElements, gatherRows, scatterElements } from "./ops/gather.js";
export { argMax, fusedLayerNorm, logSoftmax, max, mean, softmax } from "./ops/last-axis.js";
