import { usageError } from "../errors.js";
import type { FactoredMatrix } from "../linalg/index.js";
import type { Model } from "../model/index.js";
import { ovCircuit, qkCircuit, sumOfCircuits } from "./circuits.js";
import { type Head, headName } from "./heads.js";

/**
 * The core W_QK W_OVᵀ [d_model, d_model] of the K-composition circuit W_E W_QK W_OVᵀ W_Eᵀ: how a late
 * head's query for a token meets the key that earlier heads wrote for that token at the position
 * after it. With rows and columns W_E its diagonal ranks say how often a query finds its own token.
 * Definition: Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
 *
 * @throws LabError of wrong usage unless every early head lies in a layer before the late one.
 */
export function kCompositionCore(model: Model, late: Head, early: readonly Head[]): FactoredMatrix {
  for (const head of early) {
    if (head.layer < late.layer) continue;
    throw usageError(
      `K-composition: expected heads in layers before ${headName(late)}, got ${headName(head)}`,
    );
  }
  const written = sumOfCircuits(early.map((head) => ovCircuit(model, head)));
  return qkCircuit(model, late).rightMultiply(written.transpose());
}
