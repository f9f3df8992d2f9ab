import type { Command } from "commander";
import type { Io } from "./io.js";
import { addModelsExport } from "./models-export.js";
import { addModelsInfo } from "./models-info.js";
import { addModelsList } from "./models-list.js";
import { addModelsPull } from "./models-pull.js";
import { addModelsRemove } from "./models-remove.js";

/** Adds `induction models ls|info|pull|rm|export`. */
export function addModels(parent: Command, io: Io, command: string): void {
  const models = parent.command("models").description("models: what there is, and their files");
  for (const add of [
    addModelsList,
    addModelsInfo,
    addModelsPull,
    addModelsRemove,
    addModelsExport,
  ]) {
    add(models, io, command);
  }
}
