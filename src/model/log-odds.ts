import { ops, type Value } from "../graph/index.js";

const {
  add,
  argMax,
  equal,
  exp,
  gatherElements,
  log,
  logSoftmax,
  max,
  scatterElements,
  sub,
  where,
} = ops;

/**
 * Log-odds log p − log(1 − p) of target tokens, in nats: logits [b, d_vocab], targets [b, t] → [b, t].
 *
 * Nothing is lost to cancellation: at most one token has p > ½, the top one, and its log-odds are its
 * logit minus the log-sum-exp of all the others; for every other token 1 − p is at least ½.
 */
export function logOdds(logits: Value, targets: Value): Value {
  const logProbs = gatherElements(logSoftmax(logits), targets); // [b, t]
  const ofOthers = sub(logProbs, log(sub(1, exp(logProbs)))); // [b, t]

  const top = argMax(logits); // [b, 1]
  const topLogit = max(logits); // [b, 1]
  const others = scatterElements(logits, top, add(topLogit, -Infinity)); // [b, d_vocab]
  // log-sum-exp(others) = max(others) − max(log-softmax(others)); ONNX's own ReduceLogSumExp is less exact.
  const ofTop = add(sub(topLogit, max(others)), max(logSoftmax(others))); // [b, 1]

  return where(equal(targets, top), ofTop, ofOthers);
}
