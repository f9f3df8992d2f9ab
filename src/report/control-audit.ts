import type { ScenarioSummary } from "../induction/summary.js";
import { formatCount, formatList, formatMeanSe, formatNumber } from "./numbers.js";
import { scenarioName } from "./scenario-names.js";

/** A share ± its standard error, percent. */
export function shareOfControls({ controlAB: { n, mean, se } }: ScenarioSummary): string {
  return n === 0 ? "no data" : formatMeanSe(100 * mean, se === null ? null : 100 * se, "%");
}

/** Beyond so many standard errors the observed share and the expected one disagree. */
const limit = 4;

/**
 * Compares how often B stands directly after A in the control with what the control's definition
 * says: 1/m where m tokens are shuffled (the post: 22).
 */
export function controlAudit(
  scenarios: readonly ScenarioSummary[],
  shuffled: number | undefined,
): string {
  const about = "The last column is the share of controls in which B stands directly after A.";
  if (shuffled === undefined) return about;
  const expected = 1 / shuffled;
  const counted = scenarios.filter(({ controlAB }) => controlAB.n > 0);
  const off = counted.filter(({ controlAB: { n, mean } }) => {
    const se = Math.sqrt((expected * (1 - expected)) / n);
    return Math.abs(mean - expected) > limit * se;
  });
  const verdict =
    counted.length === 0
      ? ""
      : off.length === 0
        ? ` Every scenario is within ${limit} standard errors of that.`
        : ` More than ${limit} standard errors away from that: ${formatList(off.map(scenarioName))}, ` +
          `whose controls are not what they should be.`;
  return (
    `${about} A shuffle of ${formatCount(shuffled)} tokens puts it there by chance in ` +
    `1/${shuffled} = ${formatNumber(100 * expected, 1)} % of the cases, which makes the strengths a ` +
    `little too small.${verdict}`
  );
}
