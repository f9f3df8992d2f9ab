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
  /** Share of controls in which B stands directly after A by chance; 1/22 is expected of the post's shuffle. */
  readonly controlAB: Estimate;
}

/** A power and B power of one token, nats. */
export interface PowerRow {
  readonly token: number;
  readonly text: string | null;
  /** Mean strength of B with A = token; in the crossed design adjusted for the partners' effects and for chance pairs in controls. */
  readonly a: Estimate;
  /** Mean strength of B with B = token; likewise. */
  readonly b: Estimate;
  /** The crossed design's plain means, beside the adjusted ones. */
  readonly plain?: { readonly a: Estimate; readonly b: Estimate };
}

/** What a token's text begins with; `no-text` without a tokenizer. */
export type TokenClass = "leading-space" | "word-part" | "punctuation" | "bytes" | "no-text";

/** Powers within one class of tokens: the post's correlation reverses within classes. */
export interface ClassSummary {
  readonly class: TokenClass;
  readonly tokens: number;
  readonly a: { readonly mean: number; readonly sd: number | null };
  readonly b: { readonly mean: number; readonly sd: number | null };
  readonly correlation: Correlation | null;
}

/** Pearson correlation with its 95 % interval (Fisher's z). */
export interface Correlation {
  readonly r: number;
  readonly low: number;
  readonly high: number;
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
  /** `post`: fresh sequences per token and role. `crossed`: rounds of random permutations. */
  readonly design: "post" | "crossed";
  /** Sequence pairs per token and role: n, or the rounds of the crossed design. */
  readonly sequences: number;
  /** Rounds of the crossed design with a control, where these are not as many. */
  readonly controls?: number;
  /**
   * `all`: partners are drawn from the whole sampling range; `restricted`: from the measured tokens
   * only, which is another quantity than the post's.
   */
  readonly partners: "all" | "restricted";
  readonly rows: readonly PowerRow[];
  readonly a: PowerSpread;
  readonly b: PowerSpread;
  /** Of A power and B power over tokens; `null` below four tokens. */
  readonly correlation: Correlation | null;
  /** Only classes that have tokens. */
  readonly classes: readonly ClassSummary[];
}

/** Strength of the tokens at one place of the ladder from B to random tokens. */
export interface NeighbourSummary extends StrengthSummary {
  /** Strengths over sequences, nats. */
  readonly strengths: Histogram;
  /** The same difference of logits instead of log-odds, nats. */
  readonly logitStrength: Estimate;
}

/** A ratio of means with its 95 % interval (delta method, paired). */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Share of the way from random tokens to B that the neighbours at one rank are. */
export interface HalfWay {
  readonly rank: number;
  /** `null` where B and random tokens differ by less than 0.25 nats: there is no way to share. */
  readonly logOdds: Ratio | null;
  readonly logits: Ratio | null;
}

/** Result 2 of the post: induction strength of tokens near B, for random A and B. */
export interface NeighboursSummary {
  /** Sequence pairs. */
  readonly sequences: number;
  readonly b: NeighbourSummary;
  readonly random: NeighbourSummary;
  /** By rank of cosine with B (1 = nearest), increasing. */
  readonly ranks: readonly (NeighbourSummary & { readonly rank: number })[];
  /** At the post's ranks 1, 5 and 15, as far as the vocabulary has them. */
  readonly halfWay: readonly HalfWay[];
}
