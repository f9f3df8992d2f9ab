import type { Tensor } from "../../graph/index.js";
import { type Body, FirstLayer, makeBody } from "./make-body.js";
import { type Head, type HeadKind, type LastTokenValues, makeHead } from "./make-head.js";
import type { PathParts } from "./parts.js";

/**
 * The way to the log-odds at the last position for sweeps: exact algebra, no hook points. One session
 * per sequence length gives what the unembedding reads, one session for all of them unembeds.
 */
export class LastTokenPath {
  readonly #parts: PathParts;
  readonly #firstLayer: FirstLayer;
  readonly #bodies = new Map<number, Promise<Body>>();
  #head: { readonly kind: HeadKind; readonly making: Promise<Head> } | null = null;
  readonly #running = new Set<Promise<LastTokenValues>>();
  /** One after the other: what one needs on the way is gone before the next. */
  #making: Promise<unknown> = Promise.resolve();

  constructor(parts: PathParts) {
    this.#parts = parts;
    this.#firstLayer = new FirstLayer(parts);
  }

  /** Runs tokens [b, p] and reads targets [b, targets] after the last of them. */
  async run(
    tokens: Tensor<"int32">,
    targets: Tensor<"int32">,
    { logits = false }: { readonly logits?: boolean } = {},
  ): Promise<LastTokenValues> {
    const [width, length] = [targets.shape[1] as number, tokens.shape[1] as number];
    const kind = logits ? "logits" : width === 1 ? "one" : "any";
    // The head lays W_U out anew and lets go of it before the tables come; where a session copies what it
    // reads, the body lets go of the tables before W_U comes.
    const headFirst = this.#parts.engine.parametersAs === "inputs" ? this.#headOf(kind) : null;
    const body = this.#bodyOf(length);
    const head = headFirst ?? this.#headOf(kind);
    const running = body.then(async (run) => (await head).run(await run(tokens), targets));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Only one at a time, since each session holds W_U. */
  #headOf(kind: HeadKind): Promise<Head> {
    if (this.#head?.kind === kind) return this.#head.making;
    const before = this.#head?.making;
    const users = [...this.#running];
    const making = this.#inTurn(async () => {
      await Promise.allSettled(users);
      const made = await before?.catch(() => null);
      await made?.program.release();
      return makeHead(this.#parts, kind);
    });
    const head = { kind, making };
    this.#head = head;
    // What failed is tried again by the next run.
    making.catch(() => {
      if (this.#head === head) this.#head = null;
    });
    return making;
  }

  #bodyOf(length: number): Promise<Body> {
    const made = this.#bodies.get(length);
    if (made !== undefined) return made;
    const making = this.#inTurn(() => makeBody(this.#parts, this.#firstLayer, length));
    this.#bodies.set(length, making);
    making.catch(() => this.#bodies.delete(length));
    return making;
  }

  #inTurn<T>(make: () => Promise<T>): Promise<T> {
    const making = this.#making.then(make);
    this.#making = making.catch(() => undefined);
    return making;
  }
}
