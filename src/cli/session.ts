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
 * Opens the model that the options name; `close` frees it.
 *
 * @param processing Steps of weight processing; TransformerLens's defaults unless given.
 * @throws LabError for an unknown model and damaged files.
 */
export async function openModelOf(
  io: Io,
  options: EngineOptions,
  processing?: readonly ProcessingStep[],
): Promise<OpenModel & { close(): Promise<void> }> {
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
    return { model, known: model.known, info, close: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Opens the model that the options name, uses it, and frees it again; throws as {@link openModelOf}. */
export async function withModel<T>(
  io: Io,
  options: EngineOptions,
  use: (opened: OpenModel) => Promise<T>,
  processing?: readonly ProcessingStep[],
): Promise<T> {
  const opened = await openModelOf(io, options, processing);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** A session, and how to free its model. */
export interface OpenSession {
  readonly session: Session;
  close(): Promise<void>;
}

/**
 * Opens the model that the options name, to measure with it.
 *
 * @throws LabError for an unknown model, damaged files, and a protocol that does not fit the model.
 */
export async function openSession(io: Io, options: LabOptions): Promise<OpenSession> {
  const opened = await openModelOf(io, options);
  try {
    return { session: sessionOf(opened, options), close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** {@link openSession}, use, and free again. */
export async function withSession<T>(
  io: Io,
  options: LabOptions,
  measure: (session: Session) => Promise<T>,
): Promise<T> {
  const { session, close } = await openSession(io, options);
  try {
    return await measure(session);
  } finally {
    await close();
  }
}

function sessionOf({ model, known, info }: OpenModel, options: LabOptions): Session {
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
  const { seed, batch, path } = options;
  const lab = { model, known, protocol, seed, batch, ...(path !== undefined && { path }) };
  return { ...lab, engine: info, notes };
}

/**
 * The last id that random tokens are drawn from: a vocabulary may be padded beyond its tokenizer, and
 * its last token may be BOS, which starts sequences and stands nowhere else.
 */
function highestId({ config, tokenizer, bos }: Model): number {
  const last = Math.min(config.dVocab, tokenizer?.vocabSize ?? Infinity) - 1;
  return bos === last ? last - 1 : last;
}
