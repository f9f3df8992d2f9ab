import { usageError } from "../errors.js";
import { nearestNames } from "../nearest.js";

/** What a run measures; the protocol's own options are in {@link Protocol}. */
export interface Preset {
  readonly name: string;
  readonly description: string;
  /** Sequence pairs of each scenario. */
  readonly scenarioSequences: number;
  /** Sequence pairs of each token in each role. */
  readonly powerSequences: number;
  /** `post`: the ids that the post scanned, or what the model card names in their place; `vocabulary`: every id that the protocol draws. */
  readonly powerTokens: "post" | "vocabulary";
}

/** The presets by name. */
export const presets: readonly Preset[] = [
  {
    name: "quick",
    description: "scenarios and powers of the whole vocabulary with few sequences each",
    // Standard errors near 0.15 nats, which is enough to see that the scenarios differ.
    scenarioSequences: 1024,
    // A single token's power is noisy (standard error near 2 nats); the spread over tokens is not.
    powerSequences: 4,
    powerTokens: "vocabulary",
  },
  {
    name: "roger-2023",
    description: "the 2023 post to the letter",
    // 16 batches of 256.
    scenarioSequences: 4096,
    // One batch of 256 per token and role.
    powerSequences: 256,
    // Ids 4 to 10003, the first 10,000 after the special tokens.
    powerTokens: "post",
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
