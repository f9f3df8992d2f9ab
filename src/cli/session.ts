import { LabError, usageError } from "../errors.js";
import type { EngineInfo } from "../graph/index.js";
import { checkProtocol, type Lab, postProtocol, type Protocol } from "../induction/index.js";
import { loadModel, nodeEngine } from "../node.js";
import type { KnownModel } from "../weights/index.js";
import { knownModelOf } from "../weights/node.js";
import type { Io } from "./io.js";
import type { LabOptions } from "./options.js";

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

/**
 * Opens the model that the options name, measures with it, and frees it again.
 *
 * @throws LabError for an unknown model, damaged files, and a protocol that does not fit the model.
 */
export async function withSession<T>(
  options: LabOptions,
  measure: (session: Session) => Promise<T>,
): Promise<T> {
  if (options.dtype === "float64" && options.backend === "wasm") {
    throw usageError("--dtype float64: expected the cpu backend, got wasm", "leave --backend out");
  }
  const engine = nodeEngine({ runtime: options.backend, threads: options.threads });
  try {
    const model = await loadModel(options.model, { engine, dtype: options.dtype });
    const known = knownModelOf(options.model);
    const info = await engine.info();
    if (options.dtype === "float64" && info.provider === "wasm") {
      throw new LabError(`--dtype float64: expected the native build, got WASM: ${info.note}`, {
        hint: "install onnxruntime-node",
      });
    }
    const { dVocab, nCtx } = model.config;
    const post = postProtocol(dVocab);
    const protocol: Protocol = {
      ...post,
      gaps: options.gaps,
      lowestId: options.lowestId ?? known?.lowestId ?? post.lowestId,
      fillers: options.fillers,
      allowAEqualsB: options.allowAEqualsB,
      control: options.control,
      bos: model.bos,
    };
    checkProtocol(protocol, { dVocab, nCtx });
    const notes: string[] = [];
    if (info.note !== null) notes.push(info.note);
    if (options.lowestId === undefined && protocol.lowestId !== post.lowestId) {
      notes.push(
        `random tokens are ids ${protocol.lowestId} to ${protocol.highestId} by the model card of ${model.name} (the post: from ${post.lowestId})`,
      );
    }
    const { seed, batch } = options;
    return await measure({ model, known, protocol, seed, batch, engine: info, notes });
  } finally {
    await engine.close();
  }
}
