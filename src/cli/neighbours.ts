import type { Command } from "commander";
import { neighbours, type NeighboursSummary, type Ratio } from "../induction/index.js";
import { formatEstimate, formatNumber } from "../report/numbers.js";
import { runExperiment } from "../runs/index.js";
import type { Io } from "./io.js";
import { type LabOptions, withLabOptions } from "./options.js";
import { counted, formatTable, jsonHead, jsonProvenance, jsonText } from "./output.js";
import { sequenceCount } from "./parse.js";
import { progressLine } from "./progress.js";
import { sayNotes, withSession } from "./session.js";

interface NeighbourOptions extends LabOptions {
  readonly sequences: number;
}

/** Adds `induction neighbours`. */
export function addNeighbours(parent: Command, io: Io, command: string): void {
  withLabOptions(
    parent
      .command("neighbours")
      .description("strength of tokens near B in the unembedding, for random A and B (result 2)")
      .option("-n, --sequences <n>", "sequence pairs", sequenceCount, 4096),
  ).action(async (options: NeighbourOptions) => {
    await withSession(io, options, async (session) => {
      sayNotes(io, options, session.notes);
      const { sequences } = options;
      const { dVocab } = session.model.config;
      const progress = options.quiet === true ? undefined : progressLine(io, "neighbours");
      const summary = await runExperiment(neighbours, { sequences, dVocab }, session, progress);
      if (options.json === true) {
        const head = jsonHead("neighbours", command);
        const common = { model: session.model.name, n: sequences, seed: session.seed };
        io.out(jsonText({ ...head, ...common, ...summary, ...jsonProvenance(session) }));
      } else {
        io.out(neighboursText(summary));
      }
    });
  });
}

/** The ladder from B to random tokens as a table for people. */
export function neighboursText({
  sequences,
  b,
  random,
  ranks,
  halfWay,
}: NeighboursSummary): string {
  const share = (ratio: Ratio | null | undefined) =>
    ratio === undefined
      ? ""
      : ratio === null
        ? "not testable"
        : `${formatNumber(ratio.ratio)} (${formatNumber(ratio.low)} to ${formatNumber(ratio.high)})`;
  const row = (name: string, place: typeof b, rank?: number) => {
    const half = halfWay.find((h) => h.rank === rank);
    return [
      name,
      formatEstimate(place.strength),
      formatEstimate(place.logitStrength),
      share(half?.logOdds),
      share(half?.logits),
    ];
  };
  const head = ["token", "strength", "in logits", "share of the way to B", "in logits"];
  const table = formatTable([
    head,
    row("B", b),
    ...ranks.map((place) => row(`rank ${place.rank}`, place, place.rank)),
    row("random", random),
  ]);
  return `${table}nats, mean ± standard error over ${counted(sequences, "sequence pair")}; ratios with 95 % intervals\n`;
}
