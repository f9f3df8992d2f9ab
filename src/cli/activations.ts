import { type Command, Option } from "commander";
import { type Tensor, tensor } from "../graph/index.js";
import { usageError } from "../errors.js";
import { defaultHooks, matchNames, type Model } from "../model/index.js";
import { safetensorsPieces } from "../weights/index.js";
import { writeWhole } from "../runs/index.js";
import { version } from "../version.js";
import type { Io } from "./io.js";
import { type EngineOptions, withEngineOptions, withModelOptions } from "./options.js";
import { formatTable, jsonHead, jsonText } from "./output.js";
import { ids, yesNo } from "./parse.js";
import { withModel } from "./session.js";
import { readTokenRows } from "./token-rows.js";

interface ActivationsOptions extends EngineOptions {
  readonly prompt?: string;
  readonly tokens?: string;
  readonly fetch: readonly string[];
  readonly targets?: readonly number[];
  readonly output: string;
  readonly processing: boolean;
  readonly prependBos?: boolean;
}

/** Names between commas; those inside parentheses belong to the name, as in `grad(loss, hook_embed)`. */
function commaSeparated(text: string): string[] {
  const names = text.split(/,(?![^(]*\))/).map((name) => name.trim());
  return names.filter((name) => name !== "");
}

/** Adds `induction activations`. */
export function addActivations(parent: Command, io: Io, command: string): void {
  withEngineOptions(
    withModelOptions(
      parent
        .command("activations")
        .description("write named values of a forward pass to a safetensors file")
        .addOption(new Option("--prompt <text>", "one text to run on").conflicts("tokens"))
        .option("--tokens <file.json>", "token ids to run on: [[…ids…], …], rows of equal length")
        .requiredOption(
          "--fetch <names>",
          "names separated by commas, patterns such as blocks.*.attn.hook_pattern, gradients such as grad(loss, hook_embed), or `all`: every hook that TransformerLens fires by default, and logits",
          commaSeparated,
        )
        .addOption(
          new Option(
            "--targets <id,…>",
            "tokens whose logits or log-odds at the last position are wanted: for targetLogits, logOdds, logitDiff and their gradients",
          ).argParser(ids),
        )
        .requiredOption("-o, --output <file.safetensors>", "where to write them")
        .option("--no-processing", "keep the weights as they are stored")
        .addOption(
          new Option(
            "--prepend-bos <yes|no>",
            "put BOS in front (default: yes for --prompt, no for --tokens)",
          ).argParser(yesNo),
        ),
    ),
  ).action(async (options: ActivationsOptions) => {
    await withModel(
      io,
      options,
      async ({ model, info }) => {
        const { rows, prependBos } = await inputRows(model, options);
        const { targets } = options;
        const fetch = fetchedNames(model, options.fetch, targets !== undefined);
        const values = await model.run(rows, {
          fetch,
          ...(targets && { feed: { targets: sameInEachRow(targets, rows.length) } }),
        });
        const tensors = new Map(Object.entries<Tensor>(values));
        const metadata = new Map([
          ["format", "pt"],
          ["made_by", `induction-lab ${version}`],
          ["model", model.name],
          ["weights_sha256", model.sha256],
          ["processing", model.processing.join(",")],
          ["dtype", model.dtype],
          ["tokens", JSON.stringify(rows)],
          ["prepend_bos", String(prependBos)],
          ["provider", info.provider],
        ]);
        await writeWhole(options.output, safetensorsPieces(tensors, { metadata }));
        const written = Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape }));
        if (options.json === true) {
          io.out(
            jsonText({
              ...jsonHead("activations", command),
              model: model.name,
              weights: { sha256: model.sha256, origin: model.origin, processing: model.processing },
              engine: { ...info, dtype: model.dtype },
              prependBos,
              tokens: rows,
              file: options.output,
              values: written,
            }),
          );
          return;
        }
        io.out(
          formatTable([
            ["value", "shape", "type"],
            ...written.map(({ name, shape, dtype }) => [name, `[${shape.join(", ")}]`, dtype]),
          ]),
        );
        const bos = prependBos ? `BOS (${model.bos}) in front` : "no BOS added";
        io.out(
          `${written.length} values of ${rows.length} × ${rows[0]?.length} tokens, ${bos}, in ${options.output}\n`,
        );
      },
      options.processing ? undefined : [],
    );
  });
}

/** The sequences to run on, BOS in front where that is wanted. */
async function inputRows(
  model: Model,
  { prompt, tokens, prependBos }: ActivationsOptions,
): Promise<{ rows: readonly (readonly number[])[]; prependBos: boolean }> {
  if (prompt === undefined && tokens === undefined) {
    throw usageError(
      "activations: expected --prompt or --tokens, got neither",
      "--prompt TEXT, or --tokens FILE.json with [[…ids…], …]",
    );
  }
  const withBos = prependBos ?? prompt !== undefined;
  const rows =
    prompt === undefined ? await readTokenRows(tokens as string) : [promptIds(model, prompt)];
  const all = withBos ? rows.map((row) => [model.bos, ...row]) : rows;
  if (all[0]?.length === 0) {
    throw usageError("activations: expected at least one token, got none", "--prepend-bos yes");
  }
  return { rows: all, prependBos: withBos };
}

function promptIds(model: Model, prompt: string): number[] {
  if (model.tokenizer !== null) {
    return Array.from(model.toTokens(prompt, { prependBos: false }).data);
  }
  throw usageError(
    `--prompt: expected a model with a tokenizer, got ${model.name}, which has none`,
    "give --tokens FILE.json, or put its tokenizer.json into the model's folder",
  );
}

function sameInEachRow(targets: readonly number[], rows: number): Tensor {
  const all = Array.from({ length: rows }, () => targets).flat();
  return tensor("int32", [rows, targets.length], all);
}

/** Values that are made of `--targets`. */
const ofTargets = ["targets", "targetLogits", "logOdds", "meanLogOdds", "logitDiff"];

/** The names that `--fetch` means, each once. */
function fetchedNames(model: Model, wanted: readonly string[], withTargets: boolean): string[] {
  const asked = wanted.find((name) => ofTargets.some((value) => name.includes(value)));
  if (asked !== undefined && !withTargets) {
    throw usageError(
      `--fetch ${asked}: expected the tokens that it is about, got none`,
      "--targets ID,…; logitDiff is the first minus the second",
    );
  }
  const pattern = wanted.find((name) => name.includes("(") && name.includes("*"));
  if (pattern !== undefined) {
    throw usageError(
      `--fetch ${pattern}: expected one name inside grad(…), got a pattern`,
      "name each value",
    );
  }
  const given = withTargets ? ["tokens", "targets"] : ["tokens", ...ofTargets];
  const computable = model.hookNames().filter((name) => !given.includes(name));
  const found = wanted.flatMap((name) => {
    if (name === "all") return [...defaultHooks(model.config), "logits"];
    return name.includes("(") ? [name] : matchNames(computable, name);
  });
  if (found.length > 0) return [...new Set(found)];
  throw usageError("--fetch: expected names of values, got none", "--fetch all");
}
