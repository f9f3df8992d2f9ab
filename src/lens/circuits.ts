import { usageError } from "../errors.js";
import { type FloatTensor, named, ops, parameter, type Tensor, tensor } from "../graph/index.js";
import {
  compositionBaseline,
  compositionScores,
  type Eigenvalues,
  eigenvalues,
  FactoredMatrix,
  type Matrix,
  matMul,
  matrix,
  transpose,
} from "../linalg/index.js";
import type { Model } from "../model/index.js";
import { allHeads, checkHead, type Head } from "./heads.js";
import { runGraph } from "./programs.js";

/** One head's part [rows, columns] of a weight [h, rows, columns]. */
export function headWeight(model: Model, which: "Q" | "K" | "V" | "O", at: Head): Matrix {
  const { layer, head } = checkHead(at, model.config);
  const { shape, data } = model.weights.get(`blocks.${layer}.attn.W_${which}`) as FloatTensor;
  const [, rows, columns] = shape as [number, number, number];
  const size = rows * columns;
  return matrix(rows, columns, data.subarray(head * size, (head + 1) * size));
}

/** A head's OV circuit W_V W_O [d_model, d_model], as its factors. */
export function ovCircuit(model: Model, head: Head): FactoredMatrix {
  return new FactoredMatrix(headWeight(model, "V", head), headWeight(model, "O", head));
}

/** A head's QK circuit W_Q W_Kᵀ [d_model, d_model], as its factors; biases and √d_head left out. */
export function qkCircuit(model: Model, head: Head): FactoredMatrix {
  return new FactoredMatrix(headWeight(model, "Q", head), transpose(headWeight(model, "K", head)));
}

/** Composition of every head with every later one. */
export interface CompositionTable {
  readonly mode: "Q" | "K" | "V";
  /** [layer, head, later layer, later head]; zero where the second is not in a later layer. */
  readonly scores: Tensor<"float64">;
  /** What random matrices of these sizes give, where that was asked for; it is subtracted already. */
  readonly baseline: { readonly mean: number; readonly sd: number; readonly n: number } | null;
}

/**
 * Composition scores ‖W_OV W‖ / (‖W_OV‖ ‖W‖) of every head with every head of a later layer, W being
 * that head's QK circuit (Q), its transpose (K), or its OV circuit (V). Definition: Elhage et al.,
 * "A Mathematical Framework for Transformer Circuits", 2021; TransformerLens's
 * `all_composition_scores`.
 *
 * @param baseline The random matrices to subtract, as the Framework paper does; none unless given.
 */
export function allCompositionScores(
  model: Model,
  mode: CompositionTable["mode"],
  baseline?: { readonly seed: number; readonly samples?: number },
): CompositionTable {
  const { nLayers, nHeads } = model.config;
  const heads = allHeads(model.config);
  const lefts = heads.map((head) => ovCircuit(model, head));
  const rights = heads.map((head) => {
    if (mode === "V") return ovCircuit(model, head);
    const qk = qkCircuit(model, head);
    return mode === "Q" ? qk : qk.transpose();
  });
  const random =
    baseline === undefined
      ? null
      : compositionBaseline(lefts[0] as FactoredMatrix, rights[0] as FactoredMatrix, baseline);
  const data = new Float64Array(heads.length ** 2);
  for (let layer = 0; layer + 1 < nLayers; layer++) {
    const [from, later] = [layer * nHeads, (layer + 1) * nHeads];
    const table = compositionScores(lefts.slice(from, later), rights.slice(later));
    for (let i = 0; i < table.rows; i++) {
      const row = table.data.subarray(i * table.columns, (i + 1) * table.columns);
      data.set(
        row.map((score) => score - (random?.mean ?? 0)),
        (from + i) * heads.length + later,
      );
    }
  }
  const shape = [nLayers, nHeads, nLayers, nHeads];
  return { mode, scores: tensor("float64", shape, data), baseline: random };
}

/**
 * Eigenvalues of the full OV circuits W_E W_V W_O W_U of heads, or of their sum where a list holds
 * several: those of the small matrix W_O (W_U W_E) W_V, d_head wide. Near-positive eigenvalues mean
 * copying; see `eigenvalueScore` of the linear algebra.
 */
export async function fullOvEigenvalues(
  model: Model,
  circuits: readonly (readonly Head[])[],
): Promise<Eigenvalues[]> {
  const { dtype, config } = model;
  const { dModel: d, dVocab } = config;
  const build = () => {
    const W_U = parameter("unembed.W_U", dtype, [d, dVocab]);
    return [named("map", ops.matMul(W_U, parameter("embed.W_E", dtype, [dVocab, d])))];
  };
  const { map } = await runGraph(model, "unembed embed", build, ["map"], {});
  const around = matrix(d, d, map.data);
  return circuits.map((heads) => {
    const { a, b } = sumOfCircuits(heads.map((head) => ovCircuit(model, head)));
    return eigenvalues(matMul(matMul(b, around), a));
  });
}

/**
 * A sum of low-rank maps as one: their factors side by side.
 *
 * @throws LabError of wrong usage if there is none.
 */
export function sumOfCircuits(circuits: readonly FactoredMatrix[]): FactoredMatrix {
  const [first] = circuits;
  if (first === undefined) throw usageError("circuits: expected heads, got none");
  if (circuits.length === 1) return first;
  const inner = circuits.reduce((sum, circuit) => sum + circuit.inner, 0);
  const left = new Float64Array(first.rows * inner);
  const right = new Float64Array(inner * first.columns);
  let at = 0;
  for (const { a, b } of circuits) {
    for (let row = 0; row < a.rows; row++) {
      left.set(a.data.subarray(row * a.columns, (row + 1) * a.columns), row * inner + at);
    }
    right.set(b.data, at * first.columns);
    at += a.columns;
  }
  return new FactoredMatrix(matrix(first.rows, inner, left), matrix(inner, first.columns, right));
}
