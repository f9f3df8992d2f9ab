import { usageError } from "../errors.js";
import { graphOf, input, named, ops, tensor, type Value } from "../graph/index.js";
import { forward, type Model } from "../model/index.js";
import { runGraph } from "./programs.js";
import { checkTokens, tokenBatches } from "./token-batches.js";

/**
 * Cross-entropy −log p, in nats, of the tokens at some places of each sequence, given all before them:
 * one row [place] per sequence. Only the positions before these places are unembedded.
 *
 * @param places From 1 on: nothing predicts the token at position 0.
 * @throws LabError for places that a sequence does not have, and tokens that the model does not have.
 */
export async function tokenLoss(
  model: Model,
  rows: readonly Int32Array[],
  places: readonly number[],
  { where, batch }: { readonly where: string; readonly batch?: number | undefined },
): Promise<Float64Array[]> {
  checkTokens(model, rows, where);
  const shortest = rows.reduce((least, { length }) => Math.min(least, length), Infinity);
  const bad = places.find((place) => !(Number.isInteger(place) && place > 0 && place < shortest));
  if (bad !== undefined || places.length === 0) {
    throw usageError(
      `${where}: expected tokens at positions 1 to ${shortest - 1}, got ${bad ?? "none"}`,
      "give longer sequences, or other positions",
    );
  }
  const width = places.length;
  const before = tensor(
    "int32",
    [width],
    places.map((place) => place - 1),
  );
  const logits = width * model.config.dVocab;
  const losses: Float64Array[] = [];
  for (const { tokens } of tokenBatches(model, rows, { size: batch, numbers: logits })) {
    const [b, p] = tokens.shape as [number, number];
    const { losses: computed } = await runGraph(
      model,
      `token loss, ${p} positions, ${width} places`,
      () => [named("losses", lossAfter(model, p, width))],
      ["losses"],
      { tokens, before },
    );
    const data = Float64Array.from(computed.data); // [b, places]
    for (let i = 0; i < b; i++) losses.push(data.slice(i * width, (i + 1) * width));
  }
  return losses;
}

/** −log p of the tokens that follow some positions, which are an input: [b, places]. */
function lossAfter(model: Model, p: number, width: number): Value {
  const { names } = graphOf(...forward(model.config, p, model.dtype));
  const of = (name: string) => names.get(name) as Value;
  const before = input("before", "int32", [width]);
  const picked = (x: Value) => ops.gatherRows(x, before);
  const stream = picked(ops.transpose(of("unembed.hook_in"), [1, 0, 2])); // [places, b, d]
  const logits = ops.add(ops.matMul(stream, of("unembed.W_U")), of("unembed.b_U")); // [places, b, V]
  const following = ops.transpose(ops.slice(of("tokens"), 1, 1, p), [1, 0]); // [p - 1, b]
  const next = ops.reshape(picked(following), [width, "batch", 1]); // [places, b, 1]
  const logProbs = ops.gatherElements(ops.logSoftmax(logits), next); // [places, b, 1]
  return ops.mul(ops.transpose(ops.reshape(logProbs, [width, "batch"]), [1, 0]), -1);
}
