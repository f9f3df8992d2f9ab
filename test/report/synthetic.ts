import type {
  Estimate,
  PowerRow,
  PowersSummary,
  PowerSpread,
  ScenarioSummary,
} from "../../src/induction/summary.js";
import type { ReportData } from "../../src/report/index.js";
import {
  coMomentsOf,
  histogram,
  histogram2D,
  momentsOf,
  pearson,
  pearsonInterval,
  reliability,
  standardDeviation,
  standardError,
  trueSpread,
} from "../../src/stats/index.js";

/** Normal-like draws for synthetic data: twelve uniform numbers of a plain generator, fixed for good. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}

export function estimate(values: readonly number[]): Estimate {
  const moments = momentsOf(values);
  const [se, sd] = [standardError(moments), standardDeviation(moments)];
  return { n: moments.n, mean: moments.mean, se, sd };
}

const frameAxis = { lo: -18, hi: 6, bins: 100 };

const fab = { id: 14236, text: " Fab" };
const ien = { id: 1858, text: "ien" };

/** One scenario of `n` pairs around a mean strength, nats. */
export function scenario(
  name: ScenarioSummary["scenario"],
  n: number,
  mean: number,
  sd: number,
): ScenarioSummary {
  const draw = normals(n + Math.round(mean * 100));
  const control = Array.from({ length: n }, () => -9.5 + 2 * draw());
  const strengths = control.map(() => mean + sd * draw());
  const induction = control.map((value, i) => value + (strengths[i] ?? 0));
  return {
    scenario: name,
    ...(name === "fixed-a-and-b" || name === "fixed-a" ? { a: fab } : {}),
    ...(name === "fixed-a-and-b" || name === "fixed-b" ? { b: ien } : {}),
    strength: estimate(strengths),
    logOdds: { induction: estimate(induction), control: estimate(control) },
    strengths: histogram(strengths, { lo: -10, hi: 20, bins: 30 }),
    beforeAfter: histogram2D(induction, control, { x: frameAxis, y: frameAxis }),
  };
}

export function fourScenarios(n: number): readonly ScenarioSummary[] {
  return [
    scenario("fixed-a-and-b", n, 8.2, 1.6),
    scenario("fixed-a", n, 6.1, 3.6),
    scenario("fixed-b", n, 7.4, 2.6),
    scenario("neither-fixed", n, 5.2, 3.8),
  ];
}

function spread(estimates: readonly Estimate[], lo: number, hi: number): PowerSpread {
  const means = estimates.map(({ mean }) => mean);
  const { n, mean, se, sd } = estimate(means);
  return {
    tokens: n,
    mean,
    se,
    sd,
    reliability: reliability(estimates),
    trueSd: trueSpread(estimates),
    histogram: histogram(means, { lo, hi, bins: 30 }),
  };
}

/** Summary of rows, with what small tables leave unknown as `null`. */
export function powersOf(rows: readonly PowerRow[], sequences: number): PowersSummary {
  const a = rows.map((row) => row.a);
  const b = rows.map((row) => row.b);
  const means = [...a, ...b].map(({ mean }) => mean);
  const least = means.reduce((least, value) => Math.min(least, value), Infinity);
  const most = means.reduce((most, value) => Math.max(most, value), -Infinity);
  const [lo, hi] = most > least ? [least, most] : [least - 0.5, least + 0.5];
  const r = pearson(
    coMomentsOf(
      a.map(({ mean }) => mean),
      b.map(({ mean }) => mean),
    ),
  );
  const interval = r === null ? null : pearsonInterval(r, rows.length);
  const correlation =
    r === null || interval === null ? null : { r, low: interval.low, high: interval.high };
  return { sequences, rows, a: spread(a, lo, hi), b: spread(b, lo, hi), correlation };
}

const texts = [" Mar", "ien", "}+\\", "<b>", "\n", "\u0015", "&amp;", ' "quote"', "uman", "\ufffd"];

/** Two groups of tokens, word starts and word continuations, as in the published data. */
export function syntheticRows(tokens: number, sequences: number): readonly PowerRow[] {
  const draw = normals(tokens);
  const scale = 3.6 / Math.sqrt(sequences);
  const power = (mean: number, sd: number): Estimate => ({
    n: sequences,
    mean: mean + sd * draw() + scale * draw(),
    se: sequences < 2 ? null : scale,
    sd: sequences < 2 ? null : 3.6,
  });
  return Array.from({ length: tokens }, (_, i) => {
    const start = i % 9 < 5;
    return {
      token: 4 + i,
      text: texts[i] ?? (start ? ` word${i}` : `part${i}`),
      a: start ? power(6.16, 1.25) : power(4.2, 1.5),
      b: start ? power(3.99, 0.95) : power(6.58, 1.5),
    };
  });
}

/** Everything of a report but its results. */
export const frame: ReportData = {
  title: "Induction strengths and token powers",
  preset: "roger-2023",
  model: {
    name: "attn-only-2l-mini",
    layers: 2,
    heads: 8,
    dModel: 128,
    vocabulary: 8192,
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  },
  seed: 0,
  command: "induction run roger-2023 --seed 0",
  version: "0.1.0",
  engine: {
    provider: "cpu",
    runtime: "onnxruntime-node 1.30.0",
    dtype: "float32",
    threads: 2,
    batch: 256,
  },
  protocol: [
    { name: "Sequence", value: "24 tokens: BOS, 10 random, A, B, 10 random, A" },
    { name: "Control", value: "the 22 tokens between BOS and the last A in random order" },
    { name: "BOS", value: "token 1, always first", note: "not asked from the tokenizer" },
  ],
  notes: [],
};
