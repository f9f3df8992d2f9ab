import type { Command } from "commander";
import { scenarios, type ScenarioSummary } from "../induction/index.js";
import { runExperiment } from "../runs/index.js";
import type { Io } from "./io.js";
import { type LabOptions, type PairOptions, withLabOptions, withPairOptions } from "./options.js";
import { formatEstimate } from "../report/numbers.js";
import { counted, formatTable, formatToken, jsonHead, jsonProvenance, jsonText } from "./output.js";
import { sequenceCount } from "./parse.js";
import { progressLine } from "./progress.js";
import { sayNotes, withSession } from "./session.js";
import { scenarioPair } from "./tokens.js";

interface ScenarioOptions extends LabOptions, PairOptions {
  readonly sequences: number;
}

/** Adds `induction scenarios`. */
export function addScenarios(parent: Command, io: Io, command: string): void {
  withLabOptions(
    withPairOptions(
      parent
        .command("scenarios")
        .description("strength with A and B fixed, one of them fixed, or neither (the post's four)")
        .option("-n, --sequences <n>", "sequence pairs per scenario", sequenceCount, 4096),
    ),
  ).action(async (options: ScenarioOptions) => {
    await withSession(io, options, async (session) => {
      const { a, b, notes: pairNotes } = scenarioPair(session, options);
      const notes = [...session.notes, ...pairNotes];
      sayNotes(io, options, notes);
      const { sequences } = options;
      const progress = options.quiet === true ? undefined : progressLine(io, "scenarios");
      const summaries = await runExperiment(scenarios, { a, b, sequences }, session, progress);
      if (options.json === true) {
        const head = jsonHead("scenarios", command);
        const common = { model: session.model.name, n: sequences, seed: session.seed };
        const provenance = jsonProvenance({ ...session, notes });
        io.out(jsonText({ ...head, ...common, scenarios: summaries, ...provenance }));
      } else {
        io.out(scenarioTable(summaries));
      }
    });
  });
}

/** The scenarios as a table for people. */
export function scenarioTable(summaries: readonly ScenarioSummary[]): string {
  const rows = summaries.map(({ a, b, strength, logOdds }) => [
    `A ${a ? formatToken(a) : "random"}, B ${b ? formatToken(b) : "random"}`,
    formatEstimate(strength),
    strength.sd === null ? "" : strength.sd.toFixed(2),
    formatEstimate(logOdds.induction),
    formatEstimate(logOdds.control),
  ]);
  const head = ["scenario", "strength", "sd", "log-odds, induction", "control"];
  const n = summaries[0]?.strength.n ?? 0;
  return `${formatTable([head, ...rows])}nats, mean ± standard error over ${counted(n, "sequence pair")} each\n`;
}
