import type { Command } from "commander";
import { type KnownModel, knownModels, parameterCount } from "../weights/index.js";
import { type CachedRepo, embeddedFolder, type HubClient, hubClientOf } from "../weights/node.js";
import { formatCount } from "../report/numbers.js";
import type { Io } from "./io.js";
import { formatTable, jsonHead, jsonText } from "./output.js";

/** Where a model's weights are. */
interface Place {
  readonly where: "in the package" | "cached" | "on the hub";
  readonly folder: string | null;
}

function holdsWeights({ revisions }: CachedRepo): boolean {
  return revisions.some(({ files }) =>
    files.some(({ path }) => /\.(?:safetensors|pth)$/.test(path)),
  );
}

async function placeOf({ name, repo }: KnownModel, client: HubClient): Promise<Place> {
  if (repo === null) return { where: "in the package", folder: embeddedFolder(name) };
  const cached = await client.cached(repo);
  return cached !== null && holdsWeights(cached)
    ? { where: "cached", folder: cached.folder }
    : { where: "on the hub", folder: null };
}

/** Adds `induction models ls`. */
export function addModelsList(models: Command, io: Io, command: string): void {
  models
    .command("ls")
    .description("list the models that are known by name")
    .option("--json", "print one JSON object")
    .action(async (options: { readonly json?: boolean }) => {
      const client = hubClientOf();
      const list: (KnownModel & Place)[] = [];
      for (const model of knownModels) list.push({ ...model, ...(await placeOf(model, client)) });
      if (options.json === true) {
        const withCount = list.map((model) => ({
          ...model,
          parameters: parameterCount(model.architecture),
        }));
        io.out(jsonText({ ...jsonHead("models", command), models: withCount }));
        return;
      }
      const rows = list.map(({ name, where, architecture: a }) => [
        name,
        String(a.layers),
        String(a.heads),
        String(a.dModel),
        formatCount(a.dVocab),
        formatCount(parameterCount(a)),
        where,
      ]);
      const head = ["model", "layers", "heads", "d_model", "vocabulary", "parameters", "where"];
      io.out(formatTable([head, ...rows]));
      io.out(
        "or owner/name on the hub, or a folder with config.json, model.safetensors or a .pth file and, for text, tokenizer.json\n",
      );
    });
}
