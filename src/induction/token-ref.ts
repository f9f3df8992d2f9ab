import type { Model } from "../model/index.js";
import type { TokenRef } from "./summary.js";

/** Names a token by its id and, where the model has a tokenizer, its text. */
export function tokenRef(model: Model, id: number): TokenRef {
  const text = model.tokenizer === null ? null : (model.toStrings([id])[0] as string);
  return { id, text };
}
