import { usageError } from "../errors.js";
import type { ModelConfig } from "../model/index.js";

/** A head of a model; both count from 0. */
export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** A head as papers write it: `L1H6`. */
export function headName({ layer, head }: Head): string {
  return `L${layer}H${head}`;
}

/** All heads of a model, layer by layer. */
export function allHeads({ nLayers, nHeads }: Pick<ModelConfig, "nLayers" | "nHeads">): Head[] {
  return Array.from({ length: nLayers * nHeads }, (_, i) => ({
    layer: Math.floor(i / nHeads),
    head: i % nHeads,
  }));
}

/**
 * A head of a model, checked.
 *
 * @throws LabError of wrong usage if the model has no such head.
 */
export function checkHead({ layer, head }: Head, { nLayers, nHeads }: ModelConfig): Head {
  const inside = (index: number, size: number) =>
    Number.isInteger(index) && index >= 0 && index < size;
  if (inside(layer, nLayers) && inside(head, nHeads)) return { layer, head };
  throw usageError(
    `expected a head of ${nLayers} layers of ${nHeads} heads, got ${headName({ layer, head })}`,
    `from L0H0 to ${headName({ layer: nLayers - 1, head: nHeads - 1 })}`,
  );
}

/**
 * A head from its name, such as `L1H6` or `1.6`.
 *
 * @throws LabError of wrong usage if it is no name of a head.
 */
export function parseHead(text: string): Head {
  const match = /^(?:L(\d+)H(\d+)|(\d+)\.(\d+))$/i.exec(text.trim());
  if (match === null) throw usageError(`expected a head such as L1H6, got "${text.slice(0, 40)}"`);
  return { layer: Number(match[1] ?? match[3]), head: Number(match[2] ?? match[4]) };
}
