import type { Command } from "commander";
import { knownModels } from "../weights/index.js";
import { embeddedFolder } from "../weights/node.js";
import type { Io } from "./io.js";
import { formatTable, jsonHead, jsonText } from "./output.js";

/** Adds `induction models ls`. */
export function addModels(parent: Command, io: Io, command: string): void {
  const models = parent.command("models").description("the models that can be named");
  models
    .command("ls")
    .description("list them")
    .option("--json", "print one JSON object")
    .action((options: { readonly json?: boolean }) => {
      if (options.json === true) {
        const list = knownModels.map((model) => ({
          ...model,
          folder: embeddedFolder(model.name),
        }));
        io.out(jsonText({ ...jsonHead("models", command), models: list }));
        return;
      }
      io.out(formatTable(knownModels.map(({ name, description }) => [`${name}  ${description}`])));
      io.out("or a folder with config.json, model.safetensors and, for text, tokenizer.json\n");
    });
}
