import { type Command, InvalidArgumentError, Option } from "commander";
import { LabError, usageError } from "../errors.js";
import { formatList } from "../report/numbers.js";
import { compareRuns, type RunComparison } from "../runs/compare-runs.js";
import { isPublishedName, type PublishedName, publishedNames, writeWhole } from "../runs/index.js";
import { powersCsv } from "./compare-csv.js";
import { comparePublishedCommand, selfTestCommand } from "./compare-published.js";
import { comparisonText, differingTokens } from "./compare-text.js";
import type { Io } from "./io.js";
import { jsonHead, jsonText } from "./output.js";
import { seed } from "./parse.js";
import { progressLine } from "./progress.js";

interface CompareOptions {
  readonly q: number;
  readonly csv?: string;
  readonly figure?: string;
  readonly selfTest?: PublishedName;
  readonly seed?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `
Runs agree where no power differs after Benjamini-Hochberg at q, no scenario has a
p-value below q after Bonferroni, and the protocols measure the same quantity; a
difference of means up to 0.0001 nats is none. Neighbours are shown, not judged.
With roger-2023 in place of the second run, the powers that were published with the
2023 post: a run agrees where over all 10,000 tokens z has mean 0 ± 0.05 and standard
deviation 1 ± 0.03. A run of another protocol is refused.
Exit codes: 0 the runs agree, 1 a run cannot be read, is damaged or unfinished,
2 wrong usage, 3 the runs do not agree.
How to read it: docs/compare.md.`;

/** Adds `induction compare`. */
export function addCompare(parent: Command, io: Io, command: string): void {
  parent
    .command("compare")
    .description("two finished runs side by side: do they agree, and which tokens differ?")
    .argument("[run1]", "a run's folder")
    .argument("[run2]", "another run's folder, or roger-2023: the post's published powers")
    .option("--q <level>", "level of the tests, between 0 and 1", levelOf, 0.05)
    .option("--csv <file>", "write the powers of all tokens in common, a row per token and role")
    .option("--figure <file>", "with roger-2023: draw the comparison as .svg or .png")
    .addOption(
      new Option("--self-test <name>", "compare simulated data of known truth instead")
        .choices(publishedNames)
        .conflicts(["csv", "figure"]),
    )
    .option("--seed <n>", "seed of the simulated data (default: 0)", seed)
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error")
    .addHelpText("after", help)
    .action(
      async (first: string | undefined, second: string | undefined, options: CompareOptions) => {
        await compare(first, second, { options, io, command });
      },
    );
}

interface Context {
  readonly options: CompareOptions;
  readonly io: Io;
  readonly command: string;
}

async function compare(
  first: string | undefined,
  second: string | undefined,
  { options, io, command }: Context,
): Promise<void> {
  const { selfTest, seed = 0 } = options;
  if (selfTest !== undefined) {
    if (first !== undefined) {
      throw usageError(`compare --self-test: expected no run, got "${first}"`);
    }
    return selfTestCommand({ name: selfTest, seed, command }, options, io);
  }
  if (options.seed !== undefined) {
    throw usageError("--seed: expected --self-test beside it, got none", "runs have their own");
  }
  if (first === undefined || second === undefined) {
    throw usageError(
      `compare: expected two runs, got ${first === undefined ? "none" : "one"}`,
      "induction compare RUN1 RUN2, or induction compare RUN roger-2023",
    );
  }
  if (isPublishedName(second)) {
    return comparePublishedCommand({ dir: first, name: second, command }, options, io);
  }
  if (options.figure !== undefined) {
    throw usageError(`--figure: expected roger-2023 as the second run, got "${second}"`);
  }
  return compareTwo([first, second], { options, io, command });
}

async function compareTwo(
  [first, second]: readonly [string, string],
  { options, io, command }: Context,
): Promise<void> {
  const { q, csv } = options;
  const progress = options.quiet === true ? {} : { onProgress: progressLine(io, "compare") };
  const comparison = await compareRuns(first, second, { q, ...progress });
  if (csv !== undefined) await writeWhole(csv, powersCsv(comparison.powers?.rows ?? []));
  io.out(options.json === true ? comparisonJson(comparison, command) : comparisonText(comparison));
  const { disagreements } = comparison;
  if (disagreements.length === 0) return;
  throw new LabError(
    `${first}, ${second}: expected runs that agree, got ${formatList(disagreements)}`,
    { exitCode: 3 },
  );
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
