import { usageError } from "../errors.js";
import { type FloatTensor, zeros } from "../graph/index.js";
import type { Positions } from "../model/index.js";
import type { ActivationCache } from "./cache.js";

/** How a stack was normalised. */
export interface AppliedNorm {
  /** Whose: `ln_final`, `blocks.3.ln1`. */
  readonly name: string;
  /** By the scale of the run, which is one for all components, or by each component's own. */
  readonly scale: "cached" | "own";
  /** Whether LN's weight and bias were applied to each component. */
  readonly affine: boolean;
}

/** Vectors of the residual stream, one for each named component, sequence and position. */
export interface ResidualStack {
  readonly labels: readonly string[];
  /** [component, batch, position, d_model] */
  readonly values: FloatTensor;
  /** The positions [from, to) of the sequence that axis 2 is. */
  readonly positions: readonly [from: number, to: number];
  /** `null`: as it stands in the stream. */
  readonly norm: AppliedNorm | null;
}

/** A component to stack: its label, and [batch, cached position, d_model] or one vector [d_model] everywhere. */
export interface Component {
  readonly label: string;
  readonly value: FloatTensor;
}

/** Stacks components at some of the cached positions; their numbers are copied. */
export function stackOf(
  cache: ActivationCache,
  components: readonly Component[],
  positions?: Positions,
): ResidualStack {
  const [from, to] = cache.range(positions);
  const first = from - cache.positions[0];
  const length = cache.positions[1] - cache.positions[0];
  const whole = components.find(({ value }) => value.shape.length === 3);
  if (whole === undefined) {
    throw usageError("stack: expected at least one component, got none", "choose a later layer");
  }
  const [batch, , d] = whole.value.shape as [number, number, number];
  const count = to - from;
  const values = zeros(cache.model.dtype, [components.length, batch, count, d]) as FloatTensor;
  let offset = 0;
  for (const { value } of components) {
    for (let i = 0; i < batch * count; i++, offset += d) {
      const row = Math.floor(i / count) * length + first + (i % count);
      const start = value.shape.length === 1 ? 0 : row * d;
      values.data.set(value.data.subarray(start, start + d), offset);
    }
  }
  return {
    labels: components.map(({ label }) => label),
    values,
    positions: [from, to],
    norm: null,
  };
}

/**
 * One stack after the other, of the same positions and norm.
 *
 * @throws LabError of wrong usage if there is none.
 */
export function joinStacks(stacks: readonly ResidualStack[], where: string): ResidualStack {
  const [first] = stacks;
  if (first === undefined) {
    throw usageError(`${where}: expected at least one component, got none`, "choose a later layer");
  }
  const labels = stacks.flatMap((stack) => stack.labels);
  const values = zeros(first.values.dtype, [labels.length, ...first.values.shape.slice(1)]);
  let offset = 0;
  for (const { data } of stacks.map((stack) => stack.values)) {
    values.data.set(data, offset);
    offset += data.length;
  }
  return { ...first, labels, values: values as FloatTensor };
}

/** What is left of a stack of one component without all components of others. */
export function remainderOf(whole: ResidualStack, parts: readonly ResidualStack[]): ResidualStack {
  const size = whole.values.data.length;
  const rest = Float64Array.from(whole.values.data);
  for (const { data } of parts.map((stack) => stack.values)) {
    for (let i = 0; i < data.length; i++) {
      rest[i % size] = (rest[i % size] as number) - (data[i] as number);
    }
  }
  const values = zeros(whole.values.dtype, whole.values.shape) as FloatTensor;
  values.data.set(rest);
  return { ...whole, values };
}

/**
 * The number of blocks before a point of the residual stream: `layer` means the stream that block
 * reads, and the end of the stream where it is left out.
 *
 * @throws LabError of wrong usage unless it is 0 to the number of layers.
 */
export function blocksBefore(cache: ActivationCache, layer?: number): number {
  const { nLayers } = cache.model.config;
  if (layer === undefined) return nLayers;
  if (Number.isInteger(layer) && layer >= 0 && layer <= nLayers) return layer;
  throw usageError(
    `layer: expected 0 to ${nLayers}, got ${layer}`,
    `${nLayers}, or none, is the end of the residual stream`,
  );
}

/** The residual stream that a block reads; after the last block, what the final norm reads. */
export function streamBefore(cache: ActivationCache, layer: number): FloatTensor {
  return layer < cache.model.config.nLayers ? cache.residPre(layer) : cache.residPost(layer - 1);
}
