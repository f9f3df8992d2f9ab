import type { Command } from "commander";
import { LabError, usageError } from "../errors.js";
import { type CachedRepo, hubClientOf, resolveModel } from "../weights/node.js";
import { formatBytes } from "./bytes.js";
import type { Io } from "./io.js";
import { jsonHead, jsonText } from "./output.js";

interface RemoveOptions {
  readonly revision?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Adds `induction models rm`. */
export function addModelsRemove(models: Command, io: Io, command: string): void {
  models
    .command("rm")
    .argument("<name>", "known name, or owner/name on the hub")
    .description("delete a model from the cache, which other tools share")
    .option("--revision <name>", "one revision only, with the files that no other one uses")
    .option("--yes", "do it")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error")
    .action(async (name: string, options: RemoveOptions) => {
      const { repo, folder, known } = resolveModel(name);
      if (repo === null) {
        throw usageError(
          `models rm ${name}: expected a model in the cache, got ${known === null ? "a folder" : "the one inside the package"}`,
          known === null ? `${folder} is yours to delete` : "it goes with the package",
        );
      }
      const client = hubClientOf();
      const cached = await client.cached(repo);
      if (cached === null) {
        throw new LabError(
          `models rm ${name}: expected ${repo} in the cache, found nothing of it`,
          {
            hint: "induction models ls says which models are cached",
          },
        );
      }
      const { revision } = options;
      if (revision !== undefined) checkCached(name, revision, cached);
      const what = revision === undefined ? "" : ` the files of ${revision} only, of`;
      if (options.yes !== true) {
        throw usageError(
          `models rm ${name}: expected --yes, got none;${what} ${formatBytes(cached.bytes)} in ${cached.folder} would be deleted`,
          "add --yes",
        );
      }
      const bytes = await client.remove(repo, revision);
      if (options.json === true) {
        const removed = { repo, revision: revision ?? null, folder: cached.folder, bytes };
        io.out(jsonText({ ...jsonHead("models-rm", command), ...removed }));
        return;
      }
      io.out(`freed ${bytes} bytes (${formatBytes(bytes)}) in ${cached.folder}\n`);
      const tokenizer = known?.tokenizerRepo ?? null;
      if (tokenizer !== null && revision === undefined) {
        io.out(`the tokenizer, which other models share, stays: models rm ${tokenizer}\n`);
      }
    });
}

function checkCached(name: string, revision: string, { revisions }: CachedRepo): void {
  const names = revisions.flatMap(({ commit, refs }) => [...refs, commit]);
  if (names.includes(revision)) return;
  throw usageError(
    `models rm ${name}: expected a revision that is cached, got ${revision}`,
    names.length > 0 ? `cached: ${names.join(", ")}` : "no revision is cached",
  );
}
