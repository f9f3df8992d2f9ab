import { NameReach } from "./choose.js";
import { compile } from "./compile.js";
import type { Engine, TensorStore } from "./engine.js";
import type { Named, Value } from "./value.js";

/**
 * Computes values from the weights of a store alone and keeps them there: other graphs read them as
 * parameters under their names. They never leave the engine. A value that is the reshape of another is
 * computed as that one and renamed, since ONNX Runtime would copy it.
 */
export async function keepValues(
  engine: Engine,
  store: TensorStore,
  values: readonly Named[],
): Promise<void> {
  const none = new Set<string>();
  const choose = new NameReach().chooser({ fetched: none, fed: none, varied: none });
  const targets = new Map(values.map(({ name, of }) => [name, withoutReshape(of)]));
  const graph = compile({ targets, known: new Map(), choose }, store, engine.parametersAs);
  const shapes = values.map(({ name, shape }) => [name, shape as readonly number[]] as const);
  await engine.keep(graph, Object.fromEntries(shapes));
}

function withoutReshape(value: Value): Value {
  const isReshape = value.kind === "operation" && value.onnx === "Reshape";
  return isReshape ? (value.inputs[0] as Value) : value;
}
