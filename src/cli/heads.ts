import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { usageError } from "../errors.js";
import { headCircuits, type HeadsSummary, summariseHeads } from "../induction/index.js";
import { ablatedWeights, parseHead } from "../lens/index.js";
import type { ReportData } from "../report/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";
import { executeRun, headMeasurements, headsPlan, runPlan, type Summaries } from "../runs/index.js";
import { interruptSignal } from "./interrupt.js";
import type { Io } from "./io.js";
import { type LabOptions, withLabOptions } from "./options.js";
import { formatTable, jsonHead, jsonProvenance, jsonText } from "./output.js";
import { sequenceCount, wholeBetween } from "./parse.js";
import { progressLine } from "./progress.js";
import { aboutModel } from "./report-about.js";
import { optionParameters } from "./run-parameters.js";
import { sayNotes, type Session, withSession } from "./session.js";

interface HeadsOptions extends LabOptions {
  readonly sequences: number;
  readonly scoreSequences: number;
  readonly length: number;
  readonly prefixSequences: number;
  readonly threshold: number;
  readonly output?: string;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a number from 0 up to 1.");
}

/** Adds `induction heads`. */
export function addHeads(parent: Command, io: Io, command: string): void {
  withLabOptions(
    parent
      .command("heads")
      .description(
        "which heads do induction here: detector scores, ablations, circuits, attribution",
      )
      .option("-n, --sequences <n>", "sequence pairs behind ablations", sequenceCount, 512)
      .option(
        "--score-sequences <n>",
        "sequences behind detector scores",
        wholeBetween(2, 1e6),
        128,
      )
      .option("--length <n>", "random tokens that are repeated", wholeBetween(2, 4096), 50)
      .option(
        "--prefix-sequences <n>",
        "sequences behind the prefix-matching score",
        wholeBetween(2, 1e6),
        32,
      )
      .option(
        "--threshold <x>",
        "a head is listed when the lower 95 % limit of its score exceeds this",
        share,
        0.4,
      )
      .option("-o, --output <dir>", "keep the run in a folder, with a report"),
  ).action(async (options: HeadsOptions, self: Command) => {
    await withSession(io, options, async (session) => {
      const { model, seed } = session;
      checkLengths(session, options);
      sayNotes(io, options, session.notes);
      const plan = headsPlan(model.config, seed, options);
      const progress = options.quiet === true ? undefined : progressLine(io, "heads");
      const summarise = (summaries: Summaries) => summaryOf(session, summaries, options.threshold);
      const { output: dir } = options;
      let summary: HeadsSummary;
      if (dir === undefined) {
        summary = await summarise(await runPlan(plan, session, progress));
      } else {
        const interrupt = interruptSignal(io);
        try {
          const summaries = await executeRun({
            dir,
            plan,
            lab: session,
            engine: session.engine,
            command,
            parameters: {
              experiment: { value: "heads", source: "argument" },
              ...optionParameters(self),
            },
            notes: session.notes,
            files: async (all) => reportOf(session, command, await summarise(all)),
            ...(progress && { onProgress: progress }),
            onNote: (note) => io.err(`note: ${note}\n`),
            signal: interrupt.signal,
          });
          summary = await summarise(summaries);
        } finally {
          interrupt.dispose();
        }
      }
      if (options.json === true) {
        // The provenance has weights of its own: the file that they came from.
        const { weights: ablatedOn, ...rest } = summary;
        io.out(
          jsonText({
            ...jsonHead("heads", command),
            model: model.name,
            seed,
            ...(dir !== undefined && { folder: dir, report: join(dir, "report.html") }),
            ...rest,
            ablatedOn,
            ...jsonProvenance(session),
          }),
        );
      } else {
        io.out(headsText(summary, dir));
      }
    });
  });
}

/** Sequences BOS r r must fit into the context. */
function checkLengths({ model }: Session, { length }: HeadsOptions): void {
  const { nCtx } = model.config;
  const longest = Math.floor((nCtx - 1) / 2);
  if (length <= longest) return;
  throw usageError(
    `--length: expected at most ${longest} tokens, got ${length}`,
    `they stand twice behind BOS, and the context of ${model.name} is ${nCtx} tokens`,
  );
}

async function summaryOf(
  session: Session,
  summaries: Summaries,
  threshold: number,
): Promise<HeadsSummary> {
  const { model, seed, protocol } = session;
  const { nHeads } = model.config;
  const measured = headMeasurements(summaries);
  const none = { copying: [], copyingTop1: [], compositions: [], baseline: null };
  const options = { nHeads, threshold, weights: ablatedWeights(model) };
  const { previousTokenHeads } = summariseHeads(measured, none, options);
  const indices = previousTokenHeads.map((name) => {
    const { layer, head } = parseHead(name);
    return layer * nHeads + head;
  });
  const { lowestId, highestId } = protocol;
  const circuits = await headCircuits(model, indices, { seed, lowestId, highestId });
  return summariseHeads(measured, circuits, options);
}

async function reportOf(session: Session, command: string, heads: HeadsSummary) {
  // Loaded when there is something to draw: Plot takes a third of a second.
  const { reportFiles } = await import("../report/index.js");
  const { createDocument } = await import("../report/node-document.js");
  const data: ReportData = {
    ...aboutModel(session, command, session.notes),
    title: `Heads of ${session.model.name}`,
    heads,
  };
  return {
    "summary.json": jsonText({ ...jsonHead("summary", command), ...data }),
    ...reportFiles(data, { document: createDocument() }),
  };
}

/** The heads as a table for people, those that are listed first. */
export function headsText(summary: HeadsSummary, dir?: string): string {
  const { heads, previousTokenHeads, inductionHeads, threshold, pair, n, weights } = summary;
  const listed = new Set([...previousTokenHeads, ...inductionHeads]);
  const shown = heads.length <= 32 ? heads : heads.filter(({ name }) => listed.has(name));
  const number = (value: number) => formatNumber(value);
  const rows = shown.map((row) => [
    `${row.name}${inductionHeads.includes(row.name) ? " *" : ""}`,
    number(row.previousToken),
    number(row.duplicateToken),
    number(row.induction),
    number(row.prefixMatching),
    number(row.copying),
    row.composition === null ? "" : formatNumber(row.composition.k, 3),
    formatMeanSe(row.ablation.mean, row.ablation.se),
    formatMeanSe(row.zeroAblation.mean, row.zeroAblation.se),
    formatMeanSe(row.attribution.mean, row.attribution.se),
  ]);
  const head = [
    "head",
    "previous",
    "duplicate",
    "induction",
    "prefix",
    "copying",
    "K-comp.",
    "mean ablation",
    "zero ablation",
    "to B",
  ];
  const names = (list: readonly string[]) => (list.length > 0 ? list.join(", ") : "none");
  const pairText =
    pair === null
      ? []
      : [
          `best pair: ${pair.heads.join(" + ")}, mean ablation ${formatMeanSe(pair.effect.mean, pair.effect.se)} (of ${pair.candidates}, chosen on half of the pairs, estimated on the other; random pairs ${formatMeanSe(pair.randomPairs.mean, pair.randomPairs.se)})`,
        ];
  return [
    formatTable([head, ...rows]).trimEnd(),
    `scores: mean attention over ${n.scores} sequences; effects in nats of induction strength (${formatMeanSe(summary.strength.mean, summary.strength.se)} without), mean ± standard error over ${n.ablation} pairs, ${weights}`,
    `previous-token heads: ${names(previousTokenHeads)}`,
    `induction heads (*): ${names(inductionHeads)}`,
    `listed: lower 95 % limit of the score above ${threshold}; induction heads also need a mean-ablation effect below zero`,
    ...pairText,
    ...(dir === undefined ? [] : [`report: ${join(dir, "report.html")}`]),
    "",
  ].join("\n");
}
