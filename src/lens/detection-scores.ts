import { LabError, usageError } from "../errors.js";
import type { Tensor } from "../graph/index.js";

/** How an attention pattern P is compared with a mask M, both [query, key]. */
export interface DetectionOptions {
  /** `mul`, the default: Σ P·M / Σ P. `abs`: 1 − positions × mean |P − M|, not rounded. */
  readonly measure?: "mul" | "abs";
  /** Leaves the first key out, which is where BOS stands. */
  readonly excludeBos?: boolean;
  /** Leaves a token's attention to itself out. */
  readonly excludeCurrentToken?: boolean;
}

/** Places of the heads of a layer that are scored; left out: all. */
export interface ScoredHeads {
  readonly heads?: readonly number[];
}

/**
 * Similarity of attention patterns with masks, of each sequence and head alone. Definition:
 * TransformerLens's `detect_head`, with `abs` unrounded; the arguments stay as they are.
 *
 * @param pattern [batch, head, query, key], or [head, query, key] for one sequence.
 * @param mask [query, key] for all sequences, or [batch, query, key]; zero where the key stands after
 *   the query.
 * @returns [batch, head], row-major; of the heads that are scored.
 * @throws LabError for shapes that do not fit, if the options exclude every place, and where `mul` finds
 *   no attention at the places left.
 */
export function detectionScores(
  pattern: Tensor,
  mask: Tensor,
  { heads, ...options }: DetectionOptions & ScoredHeads = {},
): Float64Array {
  const [b, h, p] = patternSizes(pattern);
  const masks = maskCount(mask, b, p);
  checkOptions(options, p);
  const scored = heads ?? [...Array(h).keys()];
  const size = p * p;
  return Float64Array.from({ length: b * scored.length }, (_, i) => {
    const item = Math.floor(i / scored.length);
    const head = scored[i % scored.length] as number;
    const of = (tensor: Tensor, at: number) => (place: number) =>
      Number(tensor.data[at * size + place]);
    const maskOf = of(mask, masks === 1 ? 0 : item);
    const score = similarity(of(pattern, item * h + head), maskOf, p, options);
    if (Number.isFinite(score)) return score;
    throw new LabError(
      `head detector: head ${head} of sequence ${item}: expected attention at places that are not excluded, got none`,
      { hint: 'measure "abs" needs none; or leave that head out' },
    );
  });
}

function similarity(
  pattern: (place: number) => number,
  mask: (place: number) => number,
  p: number,
  { measure = "mul", excludeBos = false, excludeCurrentToken = false }: DetectionOptions,
): number {
  let [total, matching, difference] = [0, 0, 0];
  for (let query = 0; query < p; query++) {
    for (let key = excludeBos ? 1 : 0; key < p; key++) {
      if (excludeCurrentToken && key === query) continue;
      const [attention, wanted] = [pattern(query * p + key), mask(query * p + key)];
      total += attention;
      matching += attention * wanted;
      difference += Math.abs(attention - wanted);
    }
  }
  return measure === "mul" ? matching / total : 1 - difference / p;
}

function checkOptions(options: DetectionOptions, p: number): void {
  const { measure = "mul", excludeBos = false, excludeCurrentToken = false } = options;
  if (measure !== "mul" && measure !== "abs") {
    throw usageError(`head detector: expected a measure mul or abs, got "${String(measure)}"`);
  }
  if (p > Number(excludeBos) + Number(excludeCurrentToken)) return;
  throw usageError(
    `head detector: expected attention that is not excluded, got none in ${p} positions`,
    "exclude less, or give longer sequences",
  );
}

function patternSizes({ shape }: Tensor): [b: number, h: number, p: number] {
  const [p, keys, h = 0, b = 1] = shape.toReversed();
  if ((shape.length === 3 || shape.length === 4) && p === keys && p !== undefined && b > 0) {
    return [b, h, p];
  }
  throw usageError(
    `head detector: expected a pattern [batch, head, query, key], got shape [${shape.join(", ")}]`,
    "fetch blocks.*.attn.hook_pattern",
  );
}

/** How many masks there are: one for all sequences, or one for each. */
function maskCount({ shape, data }: Tensor, b: number, p: number): number {
  const [, , count = 1] = shape.toReversed();
  const fits = shape.at(-1) === p && shape.at(-2) === p && (count === 1 || count === b);
  if (!fits || shape.length > 3) {
    throw usageError(
      `head detector: expected a mask [${p}, ${p}] or [${b}, ${p}, ${p}], got shape [${shape.join(", ")}]`,
    );
  }
  const after = data.findIndex(
    (x: number | bigint, i: number) => i % p > Math.floor(i / p) % p && Number(x) !== 0,
  );
  if (after >= 0) {
    const query = Math.floor(after / p) % p;
    throw usageError(
      `head detector: expected a mask of 0 where the key stands after the query, got ${data[after]} at (${query}, ${after % p})`,
    );
  }
  return count;
}
