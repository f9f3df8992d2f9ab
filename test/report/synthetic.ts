import { summarisePowers } from "../../src/induction/powers-summary.js";
import type {
  Estimate,
  NeighboursSummary,
  NeighbourSummary,
  PowerRow,
  PowersSummary,
  ScenarioSummary,
} from "../../src/induction/summary.js";
import { tokenClass } from "../../src/induction/token-class.js";
import { rankTokens, type ReportData } from "../../src/report/index.js";
import {
  histogram,
  histogram2D,
  momentsOf,
  ratioOfMeans,
  standardDeviation,
  standardError,
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
    controlAB: estimate(strengths.map((_, i) => (i % 22 === 0 ? 1 : 0))),
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

/** The real summary of rows. */
export function powersOf(
  rows: readonly PowerRow[],
  sequences: number,
  about: Partial<Pick<PowersSummary, "design" | "partners">> = {},
): PowersSummary {
  return summarisePowers(rows, { design: "post", partners: "all", sequences, ...about });
}

const texts = [" Mar", "ien", "}+\\", "<b>", "\n", "\u0015", "&amp;", ' "quote"', "uman", "\ufffd"];

const marks = [..."()[]{}<>=+-*/&|!?.,;:"];

/** One token in seventeen is punctuation, one in forty a byte; the others words and their parts. */
function textOf(i: number): string {
  if (i < texts.length) return texts[i] ?? "";
  if (i % 40 === 0) return `\\x${(128 + (i % 128)).toString(16)}`;
  if (i % 17 === 0) return `${marks[i % marks.length] ?? ""}${marks[i % 19] ?? ""}`;
  return i % 9 < 5 ? ` word${i}` : `part${i}`;
}

/** Mean and sd of A power and B power by class, nats, after the published data; r within classes. */
const groups = {
  "leading-space": { a: [6.16, 1.25], b: [3.99, 0.95], r: 0.35 },
  "word-part": { a: [4.13, 1.25], b: [6.88, 1.21], r: 0.14 },
  punctuation: { a: [5.46, 2.35], b: [4.4, 2.04], r: 0.2 },
  bytes: { a: [2.57, 1.6], b: [6.22, 1.47], r: 0.2 },
} as const;

/** Tokens whose powers fall together over classes and rise within each, as in the published data. */
export function syntheticRows(tokens: number, sequences: number): readonly PowerRow[] {
  const draw = normals(tokens);
  const scale = 3.6 / Math.sqrt(sequences);
  const spread = sequences < 2 ? { se: null, sd: null } : { se: scale, sd: 3.6 };
  return Array.from({ length: tokens }, (_, i): PowerRow => {
    const text = textOf(i);
    const found = tokenClass(text);
    const { a, b, r } = groups[found === "no-text" ? "word-part" : found];
    const common = Math.sqrt(r) * draw();
    const power = ([mean, sd]: readonly [number, number]): Estimate => {
      const truth = mean + sd * (common + Math.sqrt(1 - r) * draw());
      return { n: sequences, mean: truth + scale * draw(), ...spread };
    };
    return { token: 4 + i, text, a: power(a), b: power(b) };
  });
}

/** Rows of the crossed design: plain means beside the adjusted ones, which are less noisy. */
export function crossedRows(tokens: number, rounds: number): readonly PowerRow[] {
  const draw = normals(tokens + rounds);
  const noisier = (one: Estimate): Estimate => ({
    ...one,
    mean: one.mean + (1.7 / Math.sqrt(rounds)) * draw(),
    se: one.se === null ? null : 1.1 * one.se,
  });
  return syntheticRows(tokens, rounds).map((row) => ({
    ...row,
    plain: { a: noisier(row.a), b: noisier(row.b) },
  }));
}

const ladderRanks = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];

/** Neighbours of B over `n` pairs; `strength` is B's mean, nats, of which neighbours get a share. */
export function neighboursOf(n: number, strength = 5.2, most = 1000): NeighboursSummary {
  const draw = normals(n + 1);
  const noise = (sd: number) => Array.from({ length: n }, () => sd * draw());
  const pairs = noise(1.5);
  const column = (mean: number, sd: number) => noise(sd).map((e, i) => mean + e + (pairs[i] ?? 0));
  const both = (share: number) => ({
    strength: column(share * strength, 2.4),
    logits: column(0.9 + 1.15 * share * strength, 2.5),
  });
  const summary = (values: ReturnType<typeof both>): NeighbourSummary => {
    const control = noise(2).map((e) => e - 9.5);
    return {
      strength: estimate(values.strength),
      logOdds: {
        induction: estimate(control.map((value, i) => value + (values.strength[i] ?? 0))),
        control: estimate(control),
      },
      strengths: histogram(values.strength, { lo: -10, hi: 20, bins: 30 }),
      logitStrength: estimate(values.logits),
    };
  };
  const [b, random] = [both(1), both(0)];
  const ranks = ladderRanks.filter((rank) => rank <= most);
  const near = ranks.map((rank) => ({ rank, values: both(0.52 / (1 + 0.35 * Math.log(rank))) }));
  const minus = (xs: readonly number[], ys: readonly number[]) =>
    xs.map((x, i) => x - (ys[i] ?? 0));
  const share = (key: "strength" | "logits", values: ReturnType<typeof both>) => {
    const way = minus(b[key], random[key]);
    if (Math.abs(estimate(way).mean) < 0.25) return null;
    return ratioOfMeans(minus(values[key], random[key]), way);
  };
  return {
    sequences: n,
    b: summary(b),
    random: summary(random),
    ranks: near.map(({ rank, values }) => ({ rank, ...summary(values) })),
    halfWay: near
      .filter(({ rank }) => [1, 5, 15].includes(rank))
      .map(({ rank, values }) => ({
        rank,
        logOdds: share("strength", values),
        logits: share("logits", values),
      })),
  };
}

/** The extremes of a table measured again: closer to the middle than what selected them. */
export function remeasuredOf(powers: PowersSummary, sequences: number): readonly PowerRow[] {
  const tokens = new Set(
    (["a", "b"] as const).flatMap((role) =>
      rankTokens(powers, role).flatMap((list) => list.rows.map((row) => row.token)),
    ),
  );
  const closer = (one: Estimate, middle: number): Estimate => {
    const shrink = middle + 0.7 * (one.mean - middle);
    return { n: sequences, mean: shrink, se: 3.6 / Math.sqrt(sequences), sd: 3.6 };
  };
  return powers.rows
    .filter((row) => tokens.has(row.token))
    .map((row) => ({
      ...row,
      a: closer(row.a, powers.a.mean),
      b: closer(row.b, powers.b.mean),
    }));
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
  shuffled: 22,
};
