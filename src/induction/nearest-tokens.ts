import { input, named, ops, type Program, parameter, type Tensor, tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";

/** The tokens at given ranks of closeness to a token, and their cosines with it. */
export interface NearestTokens {
  /** Ids by rank, in the order of the ranks asked for. */
  readonly ids: readonly number[];
  readonly cosines: readonly number[];
}

/**
 * Finds tokens by rank of their cosine with a token in the model's unembedding: column W_U[:, j] against
 * W_U[:, B], B itself left out (rank 1 is the nearest other token), ties by the lower id. With the
 * default weight processing this is the processed unembedding, as in the post.
 */
export class NearestTokenFinder {
  readonly #program: Promise<Program>;
  readonly #ranks: readonly number[];
  readonly #found = new Map<number, NearestTokens>();
  readonly #dVocab: number;

  constructor(model: Model, ranks: readonly number[]) {
    const { dModel, dVocab } = model.config;
    const W_U = parameter("unembed.W_U", model.dtype, [dModel, dVocab]);
    const norms = ops.sqrt(ops.sum(ops.mul(W_U, W_U), 0)); // [V]
    const rows = ops.transpose(ops.div(W_U, norms), [1, 0]); // [V, d], of length 1
    const ids = input("ids", "int32", ["batch"]);
    const cosines = ops.matMul(ops.gatherRows(rows, ids), ops.transpose(rows, [1, 0])); // [b, V]
    this.#program = model.programOf([named("cosines", cosines)]);
    this.#ranks = ranks;
    this.#dVocab = dVocab;
  }

  /** The neighbours of each of the tokens. */
  async find(tokens: readonly number[]): Promise<NearestTokens[]> {
    const missing = [...new Set(tokens)].filter((id) => !this.#found.has(id));
    if (missing.length > 0) {
      const program = await this.#program;
      const { cosines } = await program.run({
        fetch: ["cosines"],
        feed: { ids: tensor("int32", [missing.length], missing) },
      });
      for (const [i, id] of missing.entries()) this.#found.set(id, this.#ranked(id, cosines, i));
    }
    return tokens.map((id) => this.#found.get(id) as NearestTokens);
  }

  #ranked(id: number, cosines: Tensor, row: number): NearestTokens {
    const all = cosines.data as Float32Array | Float64Array;
    const own = all.slice(row * this.#dVocab, (row + 1) * this.#dVocab);
    own[id] = -Infinity;
    const last = Math.max(...this.#ranks);
    const threshold = own.slice().sort()[own.length - last] as number;
    const near: number[] = [];
    for (const [j, cosine] of own.entries()) if (cosine >= threshold) near.push(j);
    near.sort((x, y) => (own[y] as number) - (own[x] as number) || x - y);
    const ids = this.#ranks.map((rank) => near[rank - 1] as number);
    return { ids, cosines: ids.map((j) => own[j] as number) };
  }
}
