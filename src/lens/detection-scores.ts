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

/** Which heads of a layer are scored. */
export interface ScoredHeads {
  /** Left out: all. */
  readonly heads?: readonly number[];
  /** What errors begin with. */
  readonly where?: string;
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
  { heads, where = "detectHead", ...options }: DetectionOptions & ScoredHeads = {},
): Float64Array {
  const [b, h, p] = patternSizes(pattern, where);
  const count = maskCount(mask, [b, p], where);
  checkOptions(options, p, where);
  const scored = heads ?? [...Array(h).keys()];
  const size = p * p;
  const masks = Array.from({ length: count }, (_, i) => part(mask, i, size));
  return Float64Array.from({ length: b * scored.length }, (_, i) => {
    const item = Math.floor(i / scored.length);
    const head = scored[i % scored.length] as number;
    const wanted = (masks[item] ?? masks[0]) as Numbers;
    const score = similarity(part(pattern, item * h + head, size), wanted, p, options);
    if (Number.isFinite(score)) return score;
    throw new LabError(
      `${where}: head ${head}: expected attention at places that are not excluded in every sequence, got none in one`,
      { hint: 'measure "abs" needs none; or leave that head out' },
    );
  });
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The i-th matrix of a tensor: the same memory, only read here. */
function part({ data }: Tensor, i: number, size: number): Numbers {
  return (data as Numbers).subarray(i * size, (i + 1) * size);
}

function similarity(
  pattern: Numbers,
  mask: Numbers,
  p: number,
  { measure = "mul", excludeBos = false, excludeCurrentToken = false }: DetectionOptions,
): number {
  let [total, matching, difference] = [0, 0, 0];
  for (let query = 0; query < p; query++) {
    for (let key = excludeBos ? 1 : 0; key < p; key++) {
      if (excludeCurrentToken && key === query) continue;
      const attention = pattern[query * p + key] as number;
      const wanted = mask[query * p + key] as number;
      total += attention;
      matching += attention * wanted;
      difference += Math.abs(attention - wanted);
    }
  }
  return measure === "mul" ? matching / total : 1 - difference / p;
}

function checkOptions(options: DetectionOptions, p: number, where: string): void {
  const { measure = "mul", excludeBos = false, excludeCurrentToken = false } = options;
  if (measure !== "mul" && measure !== "abs") {
    throw usageError(`${where}: expected a measure mul or abs, got "${String(measure)}"`);
  }
  if (p > Number(excludeBos) + Number(excludeCurrentToken)) return;
  throw usageError(
    `${where}: expected attention that is not excluded, got none in sequences of ${p}`,
    "exclude less, or give longer sequences",
  );
}

function patternSizes({ dtype, shape }: Tensor, where: string): [b: number, h: number, p: number] {
  const [p = 0, keys, h = 0, b = 1] = shape.toReversed();
  const rank = shape.length === 3 || shape.length === 4;
  if (dtype.startsWith("float") && rank && p === keys && p > 0 && b > 0) return [b, h, p];
  throw usageError(
    `${where}: expected a pattern [batch, head, query, key], got ${dtype} [${shape.join(", ")}]`,
    "fetch blocks.*.attn.hook_pattern",
  );
}

/** How many masks there are: one for all sequences, or one for each. */
function maskCount(
  { dtype, shape, data }: Tensor,
  [b, p]: [number, number],
  where: string,
): number {
  const [keys, queries, count = 1] = shape.toReversed();
  const fits = keys === p && queries === p && (count === 1 || count === b) && shape.length <= 3;
  if (!fits || dtype === "int64") {
    throw usageError(
      `${where}: expected a mask [${p}, ${p}] or [${b}, ${p}, ${p}], got ${dtype} [${shape.join(", ")}]`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    const [query, key] = [Math.floor(i / p) % p, i % p];
    if (key <= query || data[i] === 0) continue;
    throw usageError(
      `${where}: expected a mask of 0 where the key stands after the query, got ${data[i]} at (${query}, ${key})`,
    );
  }
  return count;
}
