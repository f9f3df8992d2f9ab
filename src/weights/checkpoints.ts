/** Checkpoints of a training: which there are, and which one a number means. */
import { usageError } from "../errors.js";

/** One checkpoint of a training, and the file that holds its weights. */
export interface Checkpoint {
  /** What was trained up to there, in `unit`s. */
  readonly label: number;
  readonly unit: "steps" | "tokens";
  readonly file: string;
}

/** Labels count tokens where the last one exceeds this, else steps (TransformerLens's rule). */
const tokensFrom = 1e9;

/**
 * The checkpoints among a model's files, `checkpoints/…<label>.pth` or `.safetensors`, in the order
 * of their labels. Of two files with one label, the safetensors file counts.
 */
export function checkpointsIn(names: readonly string[]): Checkpoint[] {
  const files = new Map<number, string>();
  for (const file of names) {
    const match = /^checkpoints\/[^/]*?(\d{1,15})\.(pth|safetensors)$/.exec(file);
    if (match === null) continue;
    const label = Number(match[1]);
    if (match[2] === "safetensors" || !files.has(label)) files.set(label, file);
  }
  const labels = [...files.keys()].sort((a, b) => a - b);
  const unit = (labels.at(-1) ?? 0) > tokensFrom ? "tokens" : "steps";
  return labels.map((label) => ({ label, unit, file: files.get(label) as string }));
}

/**
 * The checkpoint with a label.
 *
 * @param where The model, as it is named in errors.
 * @throws LabError of wrong usage that names the labels beside the wanted one.
 */
export function chooseCheckpoint(
  checkpoints: readonly Checkpoint[],
  wanted: number,
  where: string,
): Checkpoint {
  const found = checkpoints.find(({ label }) => label === wanted);
  if (found !== undefined) return found;
  const unit = checkpoints[0]?.unit;
  if (unit === undefined) {
    throw usageError(
      `${where}: expected checkpoints, found none`,
      "leave --checkpoint out; a folder keeps them as checkpoints/NAME_<label>.pth or .safetensors",
    );
  }
  const labels = checkpoints.map(({ label }) => label);
  throw noCheckpoint(where, wanted, labels, unit);
}

/** Tokens that a Pythia model is trained on in one step: 1024 sequences of 2048. */
export const pythiaTokensPerStep = 2_097_152;

/** The steps whose weights are published, as branches `step<n>` (Biderman et al. 2023, section 2.1). */
export const pythiaSteps: readonly number[] = [
  0,
  ...Array.from({ length: 10 }, (_, i) => 2 ** i),
  ...Array.from({ length: 143 }, (_, i) => 1000 * (i + 1)),
];

/**
 * The step that a number means for a Pythia model: the step itself, or the tokens trained on by then.
 *
 * @param where The model, as it is named in errors.
 * @throws LabError of wrong usage that names the nearest steps.
 */
export function pythiaStep(wanted: number, where: string): number {
  const step = pythiaSteps.find((one) => one === wanted || one * pythiaTokensPerStep === wanted);
  if (step !== undefined) return step;
  throw noCheckpoint(where, wanted, pythiaSteps, "steps");
}

function noCheckpoint(where: string, wanted: number, labels: readonly number[], unit: string) {
  const below = labels.filter((label) => label < wanted).at(-1);
  const above = labels.find((label) => label > wanted);
  const near = [below, above].filter((label) => label !== undefined);
  return usageError(
    `${where}: expected one of its ${labels.length} checkpoints, from ${labels[0]} to ${labels.at(-1)} ${unit}, got ${wanted}`,
    `nearest: ${near.join(", ")}`,
  );
}
