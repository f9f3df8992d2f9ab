import { summariseHeads, type HeadMeasurements } from "../../src/induction/heads/heads-summary.js";
import type { Estimate, HeadsSummary } from "../../src/induction/index.js";
import type { ReportData } from "../../src/report/index.js";
import { frame, normals } from "./synthetic.js";

/** What {@link headsOf} draws. */
export interface SyntheticHeads {
  readonly layers: number;
  readonly heads: number;
  /** Sequences and pairs; 1 gives no standard error. */
  readonly n?: number;
  /** Whether there are heads that do induction. */
  readonly induction?: boolean;
  readonly pair?: boolean;
}

/**
 * A summary of synthetic heads, made by the real {@link summariseHeads}. With induction, the first
 * layer has previous-token heads and the last layer induction heads, as far as there are two layers.
 */
export function headsOf(options: SyntheticHeads): HeadsSummary {
  const { layers, heads, n = 256, induction = true, pair = true } = options;
  const draw = normals(97 * layers + heads);
  const count = layers * heads;
  const estimate = (mean: number, sd: number): Estimate =>
    n < 2 ? { n, mean, se: null, sd: null } : { n, mean, se: sd / Math.sqrt(n), sd };
  const list = (value: (layer: number, head: number) => Estimate) =>
    Array.from({ length: count }, (_, i) => value(Math.floor(i / heads), i % heads));
  const near = (center: number, spread: number) =>
    Math.min(0.999, Math.abs(center + spread * draw()));
  const does = induction && layers > 1;
  const isPrevious = (layer: number, head: number) => does && layer === 0 && head % 5 === 3;
  const isInduction = (layer: number, head: number) =>
    does && layer === layers - 1 && [1, 6].includes(head);
  const low = () => estimate(near(0.02, 0.015), 0.02);
  const random = list(() => estimate(near(0.015, 0.004), 0.01));
  const score = (high: (layer: number, head: number) => number | null) => ({
    model: list((layer, head) => {
      const mean = high(layer, head);
      return mean === null ? low() : estimate(mean, 0.12);
    }),
    random,
  });
  const effect = (scale: number) =>
    list((layer, head) => {
      if (isInduction(layer, head)) return estimate(-scale * (head === 6 ? 3.4 : 1.1), 2.4);
      if (isPrevious(layer, head)) return estimate(-scale * near(0.9, 0.3), 1.8);
      return estimate(0.08 * draw(), 0.7);
    });
  const measured: HeadMeasurements = {
    scores: {
      previousToken: score((layer, head) => (isPrevious(layer, head) ? near(0.85, 0.06) : null)),
      duplicateToken: score((layer, head) =>
        layer === 0 && head % 7 === 5 ? near(0.45, 0.1) : null,
      ),
      induction: score((layer, head) => (isInduction(layer, head) ? near(0.8, 0.07) : null)),
    },
    prefixMatching: score((layer, head) => (isInduction(layer, head) ? near(0.75, 0.07) : null))
      .model,
    ablation: { strength: estimate(5.2, 3.8), mean: effect(1), zero: effect(1.3) },
    attribution: list((layer, head) => estimate(isInduction(layer, head) ? 2.1 : 0.1 * draw(), 1)),
    pair: pair
      ? {
          heads: [`L${layers - 1}H1`, `L${layers - 1}H6`],
          effect: estimate(-4.6, 2.6),
          randomPairs: estimate(-0.21, 0.5),
          candidates: 15,
        }
      : null,
  };
  const circuits = {
    copying: list(() => estimate(0.5 * draw(), 1)).map(({ mean }) =>
      Math.max(-1, Math.min(1, mean)),
    ),
    copyingTop1: list(() => estimate(near(0.1, 0.3), 1)).map(({ mean }) => mean),
    compositions: list(() => low()).map(({ mean }, i) =>
      i < heads || !does ? null : { q: mean / 2, k: mean, v: -mean / 2 },
    ),
    baseline: does ? { mean: 0.123, sd: 0.006, n: 100 } : null,
  };
  return summariseHeads(measured, circuits, {
    nHeads: heads,
    threshold: 0.4,
    weights: "processed weights (fold layer norm, center)",
  });
}

/** A run that measured heads alone. */
export function headsRun(options: SyntheticHeads): ReportData {
  const { model, seed, version, engine, protocol, notes } = frame;
  return {
    seed,
    version,
    engine,
    protocol,
    notes,
    title: "Heads of attn-only-2l-mini",
    model: { ...model, layers: options.layers, heads: options.heads },
    command: "induction heads --output heads",
    heads: headsOf(options),
  };
}
