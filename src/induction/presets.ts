import { usageError } from "../errors.js";
import { nearestNames } from "../nearest.js";

/** How powers are measured: the post's design, or rounds of random permutations. */
export type PowersDesign =
  | {
      readonly design: "post";
      /** Sequence pairs of each token in each role. */
      readonly sequences: number;
      /** `post`: the ids that the post scanned, or what the model card names in their place. */
      readonly tokens: "post";
    }
  | {
      readonly design: "crossed";
      readonly rounds: number;
      /** Rounds whose controls are measured too; all unless given. */
      readonly controls?: number;
      /** Every id that the protocol draws: partners are then those of the post. */
      readonly tokens: "vocabulary";
    };

/** What a run measures; the protocol's own options are in {@link Protocol}. 0 sequences leave out a stage. */
export interface Preset {
  readonly name: string;
  readonly description: string;
  /** Sequence pairs of each scenario. */
  readonly scenarioSequences: number;
  readonly powers: PowersDesign;
  /** Sequence pairs for the neighbours of B. */
  readonly neighbourSequences: number;
  /** Sequence pairs per role of each token that is measured again. */
  readonly remeasureSequences: number;
}

/** How many tokens of each end of each list of powers are measured again on fresh sequences. */
export const remeasuredPerEnd = 10;

/** The presets by name. */
export const presets: readonly Preset[] = [
  {
    name: "quick",
    description: "every experiment on the whole vocabulary with few sequences each",
    // Standard errors near 0.15 nats, which is enough to see that the scenarios differ.
    scenarioSequences: 1024,
    // A single token's power is noisy (standard error near 1.4 nats); the spread over tokens is not.
    powers: { design: "crossed", rounds: 8, tokens: "vocabulary" },
    // Standard errors near 0.2 nats; the ratios are paired and better than that.
    neighbourSequences: 512,
    // Enough that what the first round of measurement exaggerated falls back visibly.
    remeasureSequences: 64,
  },
  {
    name: "roger-2023",
    description: "the 2023 post to the letter",
    // 16 batches of 256.
    scenarioSequences: 4096,
    // One batch of 256 per token and role; ids 4 to 10003, the first 10,000 after the special tokens.
    powers: { design: "post", sequences: 256, tokens: "post" },
    // 16 batches of 256.
    neighbourSequences: 4096,
    // Ours, not the post's: the extremes of a list are partly luck. As many as the first time.
    remeasureSequences: 256,
  },
  {
    name: "sweep",
    description: "the powers of the whole vocabulary alone, as a cluster measures them",
    scenarioSequences: 0,
    // Standard errors near 0.5 nats.
    powers: { design: "crossed", rounds: 32, tokens: "vocabulary" },
    neighbourSequences: 0,
    remeasureSequences: 0,
  },
];

/** The ids that the post scanned for powers, both included. */
export const postPowersRange = { from: 4, to: 10_003 };

/** The texts of the tokens that the post fixed. */
export const postTokens = { a: " Fab", b: "ien" };

/**
 * The preset of that name.
 *
 * @throws LabError that lists the nearest or all names if there is none.
 */
export function findPreset(name: string): Preset {
  const names = presets.map((preset) => preset.name);
  const preset = presets[names.indexOf(name)];
  if (preset !== undefined) return preset;
  const [near] = nearestNames(name, names);
  throw usageError(
    `run: expected a preset (${names.join(", ")}), got "${name}"`,
    near === undefined ? "induction run --help" : `did you mean "${near}"?`,
  );
}
