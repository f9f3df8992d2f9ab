import {
  type CrossedParams,
  crossedPowers,
  extremeCount,
  extremeTokens,
  neighbours,
  type NeighboursSummary,
  type PairRows,
  powers,
  type PowersParams,
  type PowersSummary,
  type Preset,
  remeasuredPerEnd,
  scenarios,
  type ScenarioSummary,
  type TokenRef,
} from "../induction/index.js";
import { laterStage, stage, type Stage, type Summaries } from "./stage.js";

/** What a preset leaves open: it depends on the model and on the options. */
export interface PresetChoices {
  /** The tokens that the scenarios fix. */
  readonly a: TokenRef;
  readonly b: TokenRef;
  /** The tokens whose powers are measured, and whether they are all that the protocol draws. */
  readonly tokens: readonly TokenRef[];
  readonly whole: boolean;
  readonly dVocab: number;
}

/** What the stages of a preset give. */
export interface PresetSummaries {
  readonly scenarios: readonly ScenarioSummary[];
  readonly powers: PowersSummary;
  readonly neighbours: NeighboursSummary;
  /** Powers of the extreme tokens, on fresh sequences. */
  readonly remeasured: PowersSummary;
}

/** The stages of a preset: scenarios, powers, neighbours, and the extremes of the powers again. */
export function presetPlan(preset: Preset, choices: PresetChoices): Stage[] {
  const { a, b, tokens, whole, dVocab } = choices;
  const { remeasureSequences: again } = preset;
  const partners = whole ? "all" : "restricted";
  const extremes = extremeCount(tokens.length, remeasuredPerEnd);
  return [
    stage("scenarios", scenarios, { a, b, sequences: preset.scenarioSequences }),
    preset.powers.design === "post"
      ? stage<PowersParams, PowersSummary, PairRows>("powers", powers, {
          tokens,
          sequences: preset.powers.sequences,
        })
      : stage<CrossedParams, PowersSummary, PairRows>("powers", crossedPowers, {
          tokens,
          rounds: preset.powers.rounds,
          partners,
        }),
    stage("neighbours", neighbours, { sequences: preset.neighbourSequences, dVocab }),
    laterStage("remeasured", powers, {
      pairs: 2 * extremes * again,
      params: (summaries) => ({
        tokens: extremeTokens(presetSummaries(summaries).powers.rows, remeasuredPerEnd),
        sequences: again,
        fresh: "remeasure" as const,
      }),
    }),
  ];
}

/** The summaries of a preset's stages, under their ids. */
export function presetSummaries(summaries: Summaries): PresetSummaries {
  return summaries as unknown as PresetSummaries;
}
