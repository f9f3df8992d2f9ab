import { bonferroni, compareEstimates, type TestedDifference } from "./compare.js";
import type { ScenarioName } from "./scenarios.js";
import type { ScenarioSummary, TokenRef } from "./summary.js";

/** One scenario in two runs. */
export interface ScenarioComparison extends TestedDifference {
  readonly scenario: ScenarioName;
  /** The fixed tokens, those of the first run; absent where drawn. */
  readonly a?: TokenRef;
  readonly b?: TokenRef;
}

/**
 * Compares the strengths of the scenarios that both runs have. `paired` has the summaries of the
 * differences of matched sequence pairs. p-values are corrected by Bonferroni.
 */
export function compareScenarios(
  first: readonly ScenarioSummary[],
  second: readonly ScenarioSummary[],
  paired: readonly ScenarioSummary[] | null,
  q: number,
): ScenarioComparison[] {
  const of = (summaries: readonly ScenarioSummary[], name: ScenarioName) =>
    summaries.find(({ scenario }) => scenario === name)?.strength;
  const differences = first.flatMap(({ scenario, a, b, strength }) => {
    const other = of(second, scenario);
    if (other === undefined) return [];
    const pairs = paired === null ? null : (of(paired, scenario) ?? null);
    return [
      { scenario, ...(a && { a }), ...(b && { b }), ...compareEstimates(strength, other, pairs) },
    ];
  });
  return bonferroni(differences, q);
}
