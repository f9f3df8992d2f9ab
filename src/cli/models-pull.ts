import type { Command } from "commander";
import { type PulledFiles, pullModel } from "../weights/node.js";
import { formatBytes } from "./bytes.js";
import { formatFacts } from "./facts.js";
import type { Io } from "./io.js";
import { openOptions, type VersionOptions, withVersionOptions } from "./models-options.js";
import { jsonHead, jsonText } from "./output.js";

const bytesOf = ({ files }: PulledFiles) => files.reduce((sum, { size }) => sum + size, 0);

/** Adds `induction models pull`. */
export function addModelsPull(models: Command, io: Io, command: string): void {
  withVersionOptions(
    models
      .command("pull")
      .argument("<name>", "known name, or owner/name on the hub")
      .description("download what a model needs to run: config, weights, tokenizer"),
  ).action(async (name: string, options: VersionOptions) => {
    const { model, tokenizer, ...pulled } = await pullModel(name, openOptions(io, options));
    const bytes = bytesOf(model) + (tokenizer === null ? 0 : bytesOf(tokenizer));
    if (options.json === true) {
      io.out(
        jsonText({
          ...jsonHead("models-pull", command),
          name: pulled.name,
          ...model,
          tokenizer,
          bytes,
        }),
      );
      return;
    }
    const { checkpoint } = model;
    io.out(
      formatFacts([
        ["model", pulled.name],
        ["repository", `${model.repo} at ${model.revision}`],
        ["commit", model.commit],
        ["folder", model.folder],
        ["weights", model.weights],
        ["checkpoint", checkpoint === null ? null : `${checkpoint.label} ${checkpoint.unit}`],
        ["tokenizer", tokenizer === null ? null : `${tokenizer.repo} in ${tokenizer.folder}`],
        ["size", `${bytes} bytes (${formatBytes(bytes)})`],
      ]),
    );
  });
}
