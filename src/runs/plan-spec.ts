import { z } from "zod";
import type { Json } from "./canonical-json.js";
import { headsPlan } from "./heads-plan.js";
import { type PresetChoices, presetPlan } from "./preset-plan.js";
import type { Stage } from "./stage.js";

const json: z.ZodType<Json> = z.json();
const token = z.strictObject({ id: z.int(), text: z.string().nullable() });
const count = z.int().nonnegative();

/** What a preset measures, complete: its numbers may be others than those of the preset's name. */
const presetSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  scenarioSequences: count,
  powers: z.union([
    z.strictObject({ design: z.literal("post"), sequences: count, tokens: z.literal("post") }),
    z.strictObject({
      design: z.literal("crossed"),
      rounds: count,
      controls: count.optional(),
      tokens: z.literal("vocabulary"),
    }),
  ]),
  neighbourSequences: count,
  remeasureSequences: count,
});

/** The tokens of a whole vocabulary, by columns. */
const tokensSchema = z
  .strictObject({ ids: z.array(z.int()), texts: z.array(z.string().nullable()) })
  .refine(({ ids, texts }) => ids.length === texts.length, "as many texts as ids");

/** The schema of a {@link RunSpec}. */
export const specSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("preset"),
    preset: presetSchema,
    choices: z.strictObject({
      pair: z.strictObject({ a: token, b: token }).nullable(),
      tokens: tokensSchema,
      whole: z.boolean(),
      dVocab: z.int(),
    }),
    /** What the report and the printed result say besides the numbers. */
    about: json,
    provenance: json,
  }),
  z.strictObject({
    kind: z.literal("heads"),
    config: z.object({ nLayers: z.int(), nHeads: z.int(), nCtx: z.int() }),
    seed: z.int(),
    sizes: z.strictObject({
      sequences: count,
      scoreSequences: count,
      length: count,
      prefixSequences: count,
    }),
    threshold: z.number(),
    about: json,
    provenance: json,
  }),
]);

/** What the stages of a run are made from again: plain data, and no model. */
export type RunSpec = Readonly<z.infer<typeof specSchema>>;

/** {@link RunSpec} of a preset. */
export type PresetSpec = Extract<RunSpec, { readonly kind: "preset" }>;

/** {@link RunSpec} of `induction heads`. */
export type HeadsSpec = Extract<RunSpec, { readonly kind: "heads" }>;

/**
 * The stages of a run.
 *
 * @param block Sequence pairs per block, where a stage does not need smaller ones.
 */
export function stagesOf(spec: RunSpec, block: number): Stage[] {
  const stages =
    spec.kind === "preset"
      ? presetPlan(spec.preset as Parameters<typeof presetPlan>[0], choicesOf(spec))
      : headsPlan(spec.config, spec.seed, spec.sizes);
  return stages.map((one) => ({ block, ...one }));
}

/** A preset's choices as a plan keeps them. */
export function storedChoices({ tokens, ...rest }: PresetChoices): PresetSpec["choices"] {
  const { pair, whole, dVocab } = rest;
  const columns = { ids: tokens.map(({ id }) => id), texts: tokens.map(({ text }) => text) };
  return { pair, whole, dVocab, tokens: columns };
}

function choicesOf({ choices }: PresetSpec): PresetChoices {
  const { ids, texts } = choices.tokens;
  return { ...choices, tokens: ids.map((id, i) => ({ id, text: texts[i] as string | null })) };
}
