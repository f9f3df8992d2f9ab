import { type Tensor, tensor } from "../graph/index.js";

/** The kinds of heads that TransformerLens's head detector knows, by its names. */
export type DetectedKind = keyof typeof detectionMasks;

/** TransformerLens's detection patterns by their names: what a head of that kind attends to. */
export const detectionMasks = {
  previous_token_head: previousTokenMask,
  duplicate_token_head: duplicateTokenMask,
  induction_head: inductionMask,
} as const;

/** Attention to the token before: [query, key], 1 at (i, i − 1). Definition: TransformerLens. */
export function previousTokenMask(tokens: ArrayLike<number>): Tensor<"bool"> {
  return maskOf(tokens, (query, key) => key === query - 1);
}

/**
 * Attention to every earlier occurrence of the token: [query, key], 1 at (i, j) where j < i and the
 * tokens are the same. Definition: TransformerLens.
 */
export function duplicateTokenMask(tokens: ArrayLike<number>): Tensor<"bool"> {
  return maskOf(tokens, (query, key) => key < query && tokens[key] === tokens[query]);
}

/**
 * Attention to what followed every earlier occurrence of the token: [query, key], 1 at (i, j) where
 * j − 1 < i and token j − 1 is token i. Definition: TransformerLens.
 */
export function inductionMask(tokens: ArrayLike<number>): Tensor<"bool"> {
  return maskOf(
    tokens,
    (query, key) => key > 0 && key <= query && tokens[key - 1] === tokens[query],
  );
}

function maskOf(
  { length: p }: ArrayLike<number>,
  inside: (query: number, key: number) => boolean,
): Tensor<"bool"> {
  const places = Uint8Array.from({ length: p * p }, (_, i) =>
    inside(Math.floor(i / p), i % p) ? 1 : 0,
  );
  return tensor("bool", [p, p], places);
}
