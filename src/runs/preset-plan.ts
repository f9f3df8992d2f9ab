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
  /** The tokens that the scenarios fix; none without scenarios. */
  readonly pair: { readonly a: TokenRef; readonly b: TokenRef } | null;
  /** The tokens whose powers are measured, and whether they are all that the protocol draws. */
  readonly tokens: readonly TokenRef[];
  readonly whole: boolean;
  readonly dVocab: number;
}

/** What the stages of a preset give; without its sequences a stage is left out. */
export interface PresetSummaries {
  readonly scenarios?: readonly ScenarioSummary[];
  readonly powers: PowersSummary;
  readonly neighbours?: NeighboursSummary;
  /** Powers of the extreme tokens, on fresh sequences. */
  readonly remeasured?: PowersSummary;
}

/** The stages of a preset: scenarios, powers, neighbours, and the extremes of the powers again. */
export function presetPlan(preset: Preset, choices: PresetChoices): Stage[] {
  const { pair, tokens, dVocab } = choices;
  const { scenarioSequences, neighbourSequences, remeasureSequences: again } = preset;
  const extremes = extremeCount(tokens.length, remeasuredPerEnd);
  return [
    ...(pair === null
      ? []
      : [stage("scenarios", scenarios, { ...pair, sequences: scenarioSequences })]),
    powersStage(preset, choices),
    stage("neighbours", neighbours, { sequences: neighbourSequences, dVocab }),
    laterStage("remeasured", powers, {
      pairs: 2 * extremes * again,
      params: (summaries) => ({
        tokens: extremeTokens(presetSummaries(summaries).powers.rows, remeasuredPerEnd),
        sequences: again,
        fresh: "remeasure" as const,
      }),
    }),
  ].filter(({ pairs }) => pairs > 0);
}

function powersStage({ powers: design }: Preset, { tokens, whole }: PresetChoices): Stage {
  if (design.design === "post") {
    const { sequences } = design;
    return stage<PowersParams, PowersSummary, PairRows>("powers", powers, { tokens, sequences });
  }
  const { rounds, controls } = design;
  return stage<CrossedParams, PowersSummary, PairRows>("powers", crossedPowers, {
    ...{ tokens, rounds, partners: whole ? "all" : "restricted" },
    ...(controls !== undefined && { controls }),
  });
}

/** The summaries of a preset's stages, under their ids. */
export function presetSummaries(summaries: Summaries): PresetSummaries {
  return summaries as unknown as PresetSummaries;
}
