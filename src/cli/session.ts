import { LabError, usageError } from "../errors.js";
import type { EngineInfo } from "../graph/index.js";
import { checkProtocol, type Lab, postProtocol, type Protocol } from "../induction/index.js";
import type { Model, ProcessingStep } from "../model/index.js";
import { loadModel, nodeEngine } from "../node.js";
import type { KnownModel } from "../weights/index.js";
import type { Io } from "./io.js";
import { openOptions } from "./models-options.js";
import type { EngineOptions, LabOptions } from "./options.js";

/** A model ready to measure, and what a result must say about how it was measured. */
export interface Session extends Lab {
  readonly known: KnownModel | null;
  readonly engine: EngineInfo;
  /** What differs from what one would expect: substitutes, fallbacks. Printed and stored. */
  readonly notes: readonly string[];
}

/** Says on stderr what results rest on beyond the options; last before the work, when no input can be wrong any more. */
export function sayNotes(io: Io, options: LabOptions, notes: readonly string[]): void {
  if (options.quiet === true) return;
  for (const note of notes) io.err(`note: ${note}\n`);
}

/** A loaded model and what runs it. */
export interface OpenModel {
  readonly model: Model;
  readonly known: KnownModel | null;
  readonly info: EngineInfo;
}

/**
 * Opens the model that the options name, uses it, and frees it again.
 *
 * @param processing Steps of weight processing; TransformerLens's defaults unless given.
 * @throws LabError for an unknown model and damaged files.
 */
export async function withModel<T>(
  io: Io,
  options: EngineOptions,
  use: (opened: OpenModel) => Promise<T>,
  processing?: readonly ProcessingStep[],
): Promise<T> {
  if (options.dtype === "float64" && options.backend === "wasm") {
    throw usageError("--dtype float64: expected the cpu backend, got wasm", "leave --backend out");
  }
  const engine = nodeEngine({ runtime: options.backend, threads: options.threads });
  try {
    const { dtype } = options;
    const model = await loadModel(options.model, {
      ...openOptions(io, options),
      engine,
      dtype,
      ...(processing && { processing }),
    });
    const info = await engine.info();
    if (dtype === "float64" && info.provider === "wasm") {
      throw new LabError(`--dtype float64: expected the native build, got WASM: ${info.note}`, {
        hint: "install onnxruntime-node",
      });
    }
    return await use({ model, known: model.known, info });
  } finally {
    await engine.close();
  }
}

/**
 * Opens the model that the options name, measures with it, and frees it again.
 *
 * @throws LabError for an unknown model, damaged files, and a protocol that does not fit the model.
 */
export function withSession<T>(
  io: Io,
  options: LabOptions,
  measure: (session: Session) => Promise<T>,
): Promise<T> {
  return withModel(io, options, async ({ model, known, info }) => {
    const { dVocab, nCtx } = model.config;
    const post = postProtocol(dVocab);
    const protocol: Protocol = {
      ...post,
      gaps: options.gaps,
      lowestId: options.lowestId ?? known?.lowestId ?? post.lowestId,
      highestId: known?.highestId ?? highestId(model),
      fillers: options.fillers,
      allowAEqualsB: options.allowAEqualsB,
      control: options.control,
      bos: model.bos,
    };
    checkProtocol(protocol, { dVocab, nCtx });
    const notes: string[] = [];
    if (info.note !== null) notes.push(info.note);
    const byCard = options.lowestId === undefined && protocol.lowestId !== post.lowestId;
    if (byCard || protocol.highestId !== post.highestId) {
      notes.push(
        `random tokens are ids ${protocol.lowestId} to ${protocol.highestId} by the ${known === null ? "tokenizer" : "model card"} of ${model.name} (the post: from ${post.lowestId})`,
      );
    }
    const { seed, batch } = options;
    return await measure({ model, known, protocol, seed, batch, engine: info, notes });
  });
}

/**
 * The last id that random tokens are drawn from: a vocabulary may be padded beyond its tokenizer, and
 * its last token may be BOS, which starts sequences and stands nowhere else.
 */
function highestId({ config, tokenizer, bos }: Model): number {
  const last = Math.min(config.dVocab, tokenizer?.vocabSize ?? Infinity) - 1;
  return bos === last ? last - 1 : last;
}
