import type { Histogram, Histogram2D } from "../stats/index.js";

/** A token as results name it: its id, and its text where the model has a tokenizer. */
export interface TokenRef {
  readonly id: number;
  /** Exactly the tokenizer's text, spaces included; `null` without a tokenizer. */
  readonly text: string | null;
}

/** A mean over `n` sequences, its standard error and the standard deviation between sequences. */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n − 1) / √n; `null` below two sequences. */
  readonly se: number | null;
  readonly sd: number | null;
}

/** Strength of one kind of sequence pair: everything in nats. */
export interface StrengthSummary {
  /** Induction strength: log-odds of B in the induction sequence minus those in the control. */
  readonly strength: Estimate;
  readonly logOdds: { readonly induction: Estimate; readonly control: Estimate };
}

/** One of the post's four scenarios. */
export interface ScenarioSummary extends StrengthSummary {
  readonly scenario: "fixed-a-and-b" | "fixed-a" | "fixed-b" | "neither-fixed";
  /** The fixed tokens; absent where drawn at random. */
  readonly a?: TokenRef;
  readonly b?: TokenRef;
  /** Strengths over sequences, nats. */
  readonly strengths: Histogram;
  /** Log-odds of B, nats: x = induction sequence, y = control. */
  readonly beforeAfter: Histogram2D;
}

/** A power and B power of one token, nats. */
export interface PowerRow {
  readonly token: number;
  readonly text: string | null;
  /** Mean strength of B with A = token and B uniform. */
  readonly a: Estimate;
  /** Mean strength of B with B = token and A uniform. */
  readonly b: Estimate;
}

/** How a column of powers spreads over tokens. */
export interface PowerSpread {
  readonly tokens: number;
  /** Mean over tokens, nats, and its standard error. */
  readonly mean: number;
  readonly se: number | null;
  /** Standard deviation over tokens (n − 1), nats. */
  readonly sd: number | null;
  /** 1 − mean(SE²) / variance over tokens; `null` where it cannot be known. */
  readonly reliability: number | null;
  /** √(variance − mean(SE²)), the spread without the noise of the estimates; 0 where noise explains it all. */
  readonly trueSd: number | null;
  readonly histogram: Histogram;
}

/** The powers of a range of tokens. */
export interface PowersSummary {
  /** Sequence pairs per token and role. */
  readonly sequences: number;
  readonly rows: readonly PowerRow[];
  readonly a: PowerSpread;
  readonly b: PowerSpread;
  /** Pearson correlation of A power and B power over tokens, with a 95 % interval; `null` below four tokens. */
  readonly correlation: { readonly r: number; readonly low: number; readonly high: number } | null;
}
