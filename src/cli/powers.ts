import { type Command, Option } from "commander";
import {
  crossedPowers,
  type PowerRow,
  powers,
  type PowersDesign,
  type PowersSummary,
} from "../induction/index.js";
import { runExperiment } from "../runs/index.js";
import type { Io } from "./io.js";
import { type LabOptions, withLabOptions } from "./options.js";
import { formatEstimate, formatNumber } from "../report/numbers.js";
import { counted, formatTable, formatToken, jsonHead, jsonProvenance, jsonText } from "./output.js";
import { idRange, ids, sequenceCount, wholeFrom } from "./parse.js";
import { progressLine } from "./progress.js";
import { sayNotes, withSession } from "./session.js";
import { powerTokens, type PowerTokenOptions } from "./tokens.js";

interface PowersOptions extends LabOptions, PowerTokenOptions {
  readonly sequences: number;
  readonly design: PowersDesign["design"];
}

/** Adds the options that choose tokens. */
export function withTokenOptions(command: Command): Command {
  return command
    .option("--tokens <text,…>", "tokens as text, separated by commas")
    .addOption(new Option("--token-ids <id,…>", "tokens by id").argParser(ids).conflicts("tokens"))
    .addOption(
      new Option(
        "--range <from:to>",
        "ids from FROM to TO, both included (default: the post's 4:10003, or the model card's)",
      )
        .argParser(idRange)
        .conflicts(["tokens", "tokenIds"]),
    )
    .option("--limit <n>", "at most n tokens, the first ones", wholeFrom(1));
}

/** Adds `--design`. */
export function withDesignOption(command: Command): Command {
  return command.addOption(
    new Option(
      "--design <name>",
      "post: fresh sequences per token and role; crossed: rounds of random permutations of the tokens, in which each sequence counts for both of its tokens",
    )
      .choices(["post", "crossed"])
      .default("post"),
  );
}

/** Adds `induction powers`. */
export function addPowers(parent: Command, io: Io, command: string): void {
  withLabOptions(
    withTokenOptions(
      withDesignOption(
        parent
          .command("powers")
          .description(
            "A power and B power of tokens: mean strength as A, and as B, of random pairs",
          )
          .option(
            "-n, --sequences <n>",
            "sequence pairs per token and role (crossed: rounds)",
            sequenceCount,
            256,
          ),
      ),
    ),
  ).action(async (options: PowersOptions) => {
    await withSession(io, options, async (session) => {
      const { design, sequences } = options;
      const post = design === "post";
      const chosen = powerTokens(session, options, post ? "post" : "vocabulary");
      const { tokens, whole } = chosen;
      const notes = [...session.notes, ...chosen.notes];
      if (!post && !whole) notes.push(restrictedNote(tokens.length));
      sayNotes(io, options, notes);
      const progress = options.quiet === true ? undefined : progressLine(io, "powers");
      const partners = whole ? "all" : "restricted";
      const summary = post
        ? await runExperiment(powers, { tokens, sequences }, session, progress)
        : await runExperiment(
            crossedPowers,
            { tokens, rounds: sequences, partners },
            session,
            progress,
          );
      if (options.json === true) {
        const head = jsonHead("powers", command);
        const common = { model: session.model.name, n: sequences, seed: session.seed };
        const provenance = jsonProvenance({ ...session, notes });
        io.out(jsonText({ ...head, ...common, ...summary, ...provenance }));
      } else {
        io.out(powersText(summary));
      }
    });
  });
}

/** What a crossed design over a part of the vocabulary measures. */
export function restrictedNote(tokens: number): string {
  return `partners are drawn from the ${counted(tokens, "measured token")} only: another quantity than powers over the whole range`;
}

/** Powers of up to this many tokens are printed whole; of more, the extremes. */
const shownWhole = 40;

/** The powers as a table for people. */
export function powersText(summary: PowersSummary): string {
  const { rows, sequences } = summary;
  const table = (part: readonly PowerRow[]) =>
    formatTable([
      ["token", "A power", "B power"],
      ...part.map((row) => [
        formatToken({ id: row.token, text: row.text }),
        formatEstimate(row.a),
        formatEstimate(row.b),
      ]),
    ]);
  const byA = rows.toSorted((x, y) => y.a.mean - x.a.mean);
  const byB = rows.toSorted((x, y) => y.b.mean - x.b.mean);
  const lists =
    rows.length <= shownWhole
      ? table(rows)
      : [
          `highest A power\n${table(byA.slice(0, 5))}`,
          `highest B power\n${table(byB.slice(0, 5))}`,
          `lowest A power\n${table(byA.slice(-5))}`,
          `lowest B power\n${table(byB.slice(-5))}`,
        ].join("\n");
  const spread = (name: string, { mean, sd, trueSd }: PowersSummary["a"]) =>
    `${name}: mean ${formatNumber(mean)} over tokens` +
    (sd === null ? "" : `, sd ${formatNumber(sd)}`) +
    (trueSd === null ? "" : `, without noise ${formatNumber(trueSd)}`);
  const r = summary.correlation;
  return [
    lists,
    `nats, mean ± standard error over ${counted(sequences, "sequence pair")} per token and role${summary.design === "crossed" ? " (crossed, adjusted)" : ""}, ${counted(rows.length, "token")}`,
    spread("A power", summary.a),
    spread("B power", summary.b),
    ...(r === null
      ? []
      : [
          `correlation of A and B power: ${formatNumber(r.r, 3)} (${formatNumber(r.low, 3)} to ${formatNumber(r.high, 3)})`,
        ]),
    "",
  ].join("\n");
}
