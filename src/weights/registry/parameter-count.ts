import type { Architecture } from "./known-model.js";

/** Weights of the layers, the final norm and the embeddings; all but the unembedding. */
function countWithoutUnembedding(a: Architecture): number {
  const { heads, dModel, dHead, dMlp } = a;
  const norm = (width: number) => (a.normalization === "LN" ? 2 * width : 0);
  const attention = heads * (4 * dModel * dHead + 3 * dHead) + dModel + norm(dModel);
  const mlp =
    dMlp === null
      ? 0
      : 2 * dModel * dMlp + dMlp + dModel + norm(dModel) + (a.actFn === "solu_ln" ? norm(dMlp) : 0);
  const positions = a.positions === "rotary" ? 0 : a.nCtx * dModel;
  return a.layers * (attention + mlp) + norm(dModel) + positions + a.dVocab * dModel;
}

/** Number of trained parameters, embeddings and biases included; tied matrices count once. */
export function parameterCount(architecture: Architecture): number {
  const { dModel, dVocab, unembedding } = architecture;
  const unembed = { biased: dModel * dVocab + dVocab, unbiased: dModel * dVocab, tied: 0 };
  return countWithoutUnembedding(architecture) + unembed[unembedding];
}

/**
 * Bytes of a model's weights in float32 as the lab holds them: with an unembedding and its bias of
 * their own, since processing changes them.
 */
export function float32Bytes(architecture: Architecture): number {
  const { dModel, dVocab } = architecture;
  return 4 * (countWithoutUnembedding(architecture) + dModel * dVocab + dVocab);
}
