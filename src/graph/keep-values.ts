import { NameReach } from "./choose.js";
import { compile } from "./compile.js";
import type { Engine, TensorStore } from "./engine.js";
import type { Named } from "./value.js";

/**
 * Computes values from the weights of a store alone and keeps them there: other graphs read them as
 * parameters under their names. They never leave the engine.
 */
export async function keepValues(
  engine: Engine,
  store: TensorStore,
  values: readonly Named[],
): Promise<void> {
  const none = new Set<string>();
  const choose = new NameReach().chooser({ fetched: none, fed: none, varied: none });
  const targets = new Map(values.map((value) => [value.name, value]));
  await engine.keep(compile({ targets, known: new Map(), choose }, store, engine.parametersAs), {});
}
