import { usageError } from "../errors.js";
import { type FloatTensor, tensor } from "../graph/index.js";
import type { Model, TokenInput } from "../model/index.js";
import { allHeads, type Head, headName } from "./heads.js";
import { oneSequence } from "./sequences.js";

/** Where an edge ends: an input of a head, the input of an MLP layer, or the final residual stream. */
export type EdgeEnd =
  | (Head & { readonly input: "q" | "k" | "v" })
  | { readonly layer: number; readonly input: "mlp" }
  | { readonly input: "final" };

/** An edge from the output of a head to what reads it, and what it carries. */
export interface Edge {
  readonly from: Head;
  readonly to: EdgeEnd;
  /** Such as `L0H2 → L1H6.k`. */
  readonly name: string;
  /** First-order change of the objective when the clean output travels along this edge alone. */
  readonly value: number;
}

/** What {@link edgeAttribution} attributes. */
export interface EdgeAttributionOptions {
  readonly clean: TokenInput | readonly number[];
  readonly corrupted: TokenInput | readonly number[];
  /** The scalar to explain: `logitDiff`, `meanLogOdds`, `loss`. */
  readonly objective: string;
  /** Tokens that the objective reads at the last position, if it reads any. */
  readonly targets?: readonly number[];
}

/**
 * Edge attribution patching: (clean − corrupted) output of a head · d objective / d input of what reads
 * it, in the corrupted run, for every edge between heads, to MLP layers and to the end: a first-order
 * estimate of path patching, at the cost of one backward pass. The edges of a head sum to its node
 * attribution. Definition: Syed et al., "Attribution Patching Outperforms Automated Circuit
 * Discovery", 2023.
 *
 * @returns All edges, the largest in absolute value first.
 * @throws LabError of wrong usage for sequences of unequal length.
 */
export async function edgeAttribution(
  model: Model,
  options: EdgeAttributionOptions,
): Promise<Edge[]> {
  const { objective, targets } = options;
  const clean = oneSequence(options.clean, "clean");
  const corrupted = oneSequence(options.corrupted, "corrupted");
  if (clean.length !== corrupted.length) {
    throw usageError(
      `edges: expected sequences of equal length, got ${clean.length} and ${corrupted.length} tokens`,
    );
  }
  const { nLayers, nHeads, mlp, parallel } = model.config;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const outputs = layers.map((layer) => `blocks.${layer}.attn.hook_result`);
  const inputs = layers.flatMap((layer) => [
    ...(layer > 0 ? ["q", "k", "v"].map((x) => `blocks.${layer}.hook_${x}_input`) : []),
    ...(mlp === null || (parallel && layer === 0) ? [] : [`blocks.${layer}.hook_mlp_in`]),
  ]);
  const end = `blocks.${nLayers - 1}.hook_resid_post`;
  const feed = targets && { targets: tensor("int32", [1, targets.length], targets) };
  const gradient = (name: string) => `grad(${objective}, ${name})`;
  const run = (ids: readonly number[], fetch: readonly string[]) =>
    model.run([ids], { fetch, ...(feed && { feed }) });
  const cleanRun = await run(clean, outputs);
  const corruptedRun = await run(corrupted, outputs);
  // The inputs of heads and MLPs replace other ways of the same computation: a run of their own.
  const gradients = await run(corrupted, [...inputs, end].map(gradient));

  const edges: Edge[] = [];
  const add = (from: Head, to: EdgeEnd, label: string, value: number) =>
    edges.push({ from, to, name: `${headName(from)} → ${label}`, value });
  for (const from of allHeads(model.config)) {
    const name = outputs[from.layer] as string;
    const change = difference(cleanRun[name] as FloatTensor, corruptedRun[name] as FloatTensor);
    const own = { data: change, head: from.head, heads: nHeads };
    for (let layer = from.layer; layer < nLayers; layer++) {
      if (layer > from.layer) {
        for (const input of ["q", "k", "v"] as const) {
          const { data } = gradients[
            gradient(`blocks.${layer}.hook_${input}_input`)
          ] as FloatTensor;
          for (let head = 0; head < nHeads; head++) {
            const value = product(own, { data, head, heads: nHeads });
            add(from, { layer, head, input }, `${headName({ layer, head })}.${input}`, value);
          }
        }
      }
      // A parallel MLP does not see what the heads of its own layer write.
      if (mlp !== null && (layer > from.layer || !parallel)) {
        const { data } = gradients[gradient(`blocks.${layer}.hook_mlp_in`)] as FloatTensor;
        const value = product(own, { data, head: 0, heads: 1 });
        add(from, { layer, input: "mlp" }, `MLP${layer}`, value);
      }
    }
    const { data } = gradients[gradient(end)] as FloatTensor;
    add(from, { input: "final" }, "end", product(own, { data, head: 0, heads: 1 }));
  }
  return edges.sort((x, y) => Math.abs(y.value) - Math.abs(x.value));

  /** Σ over positions and d_model of one head's part of each. */
  function product(x: Part, y: Part): number {
    const d = model.config.dModel;
    let sum = 0;
    for (let position = 0; position < clean.length; position++) {
      const [at, to] = [(position * x.heads + x.head) * d, (position * y.heads + y.head) * d];
      for (let m = 0; m < d; m++) sum += (x.data[at + m] as number) * (y.data[to + m] as number);
    }
    return sum;
  }
}

/** Values [position, head, d_model], of which one head is meant. */
interface Part {
  readonly data: ArrayLike<number>;
  readonly head: number;
  readonly heads: number;
}

function difference(to: FloatTensor, from: FloatTensor): Float64Array {
  return Float64Array.from(to.data, (x, i) => x - (from.data[i] as number));
}
