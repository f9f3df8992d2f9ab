import { csvFormatRows } from "d3-dsv";
import { type Command, InvalidArgumentError } from "commander";
import { LabError } from "../errors.js";
import type { TokenComparison } from "../induction/compare-powers.js";
import { formatList } from "../report/numbers.js";
import { csvToken } from "../report/token-text.js";
import { compareRuns, type RunComparison } from "../runs/compare-runs.js";
import { writeWhole } from "../runs/index.js";
import { comparisonText, differingTokens } from "./compare-text.js";
import type { Io } from "./io.js";
import { jsonHead, jsonText } from "./output.js";
import { progressLine } from "./progress.js";

interface CompareOptions {
  readonly q: number;
  readonly csv?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `
Runs agree where no power differs after Benjamini-Hochberg at q, no scenario has a
p-value below q after Bonferroni, and the protocols measure the same quantity; a
difference of means up to 0.0001 nats is none. Neighbours are shown, not judged.
Exit codes: 0 the runs agree, 1 a run cannot be read, is damaged or unfinished,
2 wrong usage, 3 the runs do not agree.
How to read it: docs/compare.md.`;

/** Adds `induction compare`. */
export function addCompare(parent: Command, io: Io, command: string): void {
  parent
    .command("compare")
    .description("two finished runs side by side: do they agree, and which tokens differ?")
    .argument("<run1>", "a run's folder")
    .argument("<run2>", "another run's folder")
    .option("--q <level>", "level of the tests, between 0 and 1", levelOf, 0.05)
    .option("--csv <file>", "write the powers of all tokens in common, a row per token and role")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error")
    .addHelpText("after", help)
    .action(async (first: string, second: string, options: CompareOptions) => {
      const { q, csv } = options;
      const progress = options.quiet === true ? {} : { onProgress: progressLine(io, "compare") };
      const comparison = await compareRuns(first, second, { q, ...progress });
      if (csv !== undefined) await writeWhole(csv, powersCsv(comparison.powers?.rows ?? []));
      io.out(
        options.json === true ? comparisonJson(comparison, command) : comparisonText(comparison),
      );
      const { disagreements } = comparison;
      if (disagreements.length === 0) return;
      throw new LabError(
        `${first}, ${second}: expected runs that agree, got ${formatList(disagreements)}`,
        { exitCode: 3 },
      );
    });
}

function levelOf(text: string): number {
  const level = /^\d*\.?\d+(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (level > 0 && level < 1) return level;
  throw new InvalidArgumentError(`Expected a number between 0 and 1, got "${text}".`);
}

function comparisonJson(comparison: RunComparison, command: string): string {
  const { powers, disagreements, ...rest } = comparison;
  const shown = powers && { ...powers, rows: undefined, differing: differingTokens(powers.rows) };
  const verdict = { agree: disagreements.length === 0, disagreements };
  return jsonText({ ...jsonHead("compare", command), ...verdict, ...rest, powers: shown });
}

const columns = [
  ...["token", "text", "role", "first", "first_se", "first_n", "second", "second_se", "second_n"],
  ...["difference", "se", "z", "p", "p_adjusted", "differs"],
];

/** The powers of all tokens in common as CSV, in nats; what cannot be known is empty. */
function powersCsv(rows: readonly TokenComparison[]): string {
  const lines = rows.flatMap(({ token, text, ...roles }) =>
    (["a", "b"] as const).map((role) => {
      const { first, second, difference, se, z, p, adjusted, differs } = roles[role];
      return [
        ...[
          token,
          text === null ? null : csvToken(text),
          role,
          first.mean,
          first.se,
          first.n,
          second.mean,
          second.se,
          second.n,
        ],
        ...[difference, se, z, p, adjusted, differs],
      ].map((cell) => String(cell ?? ""));
    }),
  );
  return `${csvFormatRows([columns, ...lines])}\n`;
}
