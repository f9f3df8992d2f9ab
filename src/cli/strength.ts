import type { Command } from "commander";
import { strength, type StrengthSummary, type TokenRef } from "../induction/index.js";
import { runExperiment } from "../runs/index.js";
import type { Io } from "./io.js";
import { type LabOptions, type PairsOptions, withLabOptions, withPairsOption } from "./options.js";
import { formatEstimate } from "../report/numbers.js";
import { counted, formatTable, formatToken, jsonHead, jsonProvenance, jsonText } from "./output.js";
import { namedPairs } from "./pairs-file.js";
import { sequenceCount } from "./parse.js";
import { progressLine } from "./progress.js";
import { sayNotes, withSession } from "./session.js";

interface StrengthOptions extends LabOptions, PairsOptions {
  readonly sequences: number;
}

/** Adds `induction strength`. */
export function addStrength(parent: Command, io: Io, command: string): void {
  withLabOptions(
    withPairsOption(
      parent
        .command("strength")
        .description("induction strength of a pair A, B: how much …AB…A raises the log-odds of B")
        .option("-n, --sequences <n>", "sequence pairs", sequenceCount, 1024),
    ),
  ).action(async (options: StrengthOptions) => {
    await withSession(io, options, async (session) => {
      const { model } = session;
      const pairs = await namedPairs(model, options);
      sayNotes(io, options, session.notes);
      const { sequences } = options;
      const params = { sequences, pairs: pairs.map(({ a, b }) => ({ a: a.id, b: b.id })) };
      const progress = options.quiet === true ? undefined : progressLine(io, "strength");
      const summaries = await runExperiment(strength, params, session, progress);

      const results = pairs.map((pair, i) => ({ ...pair, ...(summaries[i] as StrengthSummary) }));
      if (options.json === true) {
        const common = { model: model.name, n: sequences, seed: session.seed };
        const [first] = results.map(jsonPair);
        const result =
          options.pairs === undefined ? { ...first } : { pairs: results.map(jsonPair) };
        const head = jsonHead("strength", command);
        io.out(jsonText({ ...head, ...common, ...result, ...jsonProvenance(session) }));
      } else {
        io.out(textOf(results, sequences));
      }
    });
  });
}

type Result = StrengthSummary & { readonly a: TokenRef; readonly b: TokenRef };

function jsonPair({ a, b, strength: { mean, se, sd }, logOdds }: Result): object {
  const { induction, control } = logOdds;
  return {
    a,
    b,
    strength: { mean, se, sd },
    logOdds: {
      induction: { mean: induction.mean, se: induction.se },
      control: { mean: control.mean, se: control.se },
    },
  };
}

function textOf(results: readonly Result[], sequences: number): string {
  const rows = results.map(({ a, b, strength: s, logOdds }) => [
    `${formatToken(a)} ${formatToken(b)}`,
    formatEstimate(s),
    s.sd === null ? "" : s.sd.toFixed(2),
    formatEstimate(logOdds.induction),
    formatEstimate(logOdds.control),
  ]);
  const head = ["A B", "strength", "sd", "log-odds, induction", "control"];
  return `${formatTable([head, ...rows])}nats, mean ± standard error over ${counted(sequences, "sequence pair")}\n`;
}
