import type { Chooser } from "./choose.js";
import { needed, strip } from "./cut.js";
import type { CompiledGraph, Engine, TensorStore } from "./engine.js";
import { encodeOnnx, type OnnxNode, type OnnxValueInfo } from "./onnx-bytes.js";
import type { Tensor } from "./tensor.js";
import type { Value } from "./value.js";

/** What to compile: the values to compute, and the known ones to start from, each under its session name. */
export interface Cut {
  readonly targets: ReadonlyMap<string, Value>;
  readonly known: ReadonlyMap<Value, string>;
  readonly choose: Chooser;
}

/** Turns a cut graph into one ONNX model: only what the targets need, known values as inputs. */
export function compile(
  { targets, known, choose }: Cut,
  store: TensorStore,
  parametersAs: Engine["parametersAs"],
): CompiledGraph {
  const knownValues = new Set(known.keys());
  const stripped = (value: Value) => strip(value, knownValues, choose);
  const names = new Map<Value, string>(known);
  const inputs = new Map<string, OnnxValueInfo>();
  const nodes: OnnxNode[] = [];
  const constants: { name: string; tensor: Tensor }[] = [];
  const shared: OnnxValueInfo[] = [];
  const held: OnnxValueInfo[] = [];
  let lasting = false;

  // A node that a target stands for bears the target's name, so that no copy is needed.
  for (const [name, target] of targets) {
    const value = stripped(target);
    if (value.kind === "operation" && !names.has(value)) names.set(value, name);
  }
  const nameOf = (source: Value): string => {
    const value = stripped(source);
    const name = names.get(value) as string;
    if (knownValues.has(value)) {
      inputs.set(name, { name, dtype: value.dtype, shape: value.shape });
    }
    return name;
  };
  for (const value of needed([...targets.values()], knownValues, choose)) {
    const name = names.get(value) ?? ("name" in value ? value.name : `value_${names.size}`);
    names.set(value, name);
    switch (value.kind) {
      case "operation": {
        const { onnx, attributes } = value;
        nodes.push({ onnx, attributes, inputs: value.inputs.map(nameOf), output: name });
        break;
      }
      case "constant":
        constants.push({ name, tensor: value.tensor });
        break;
      case "parameter":
        lasting ||= value.held;
        (parametersAs === "initializers" || value.held ? held : shared).push({
          name,
          dtype: value.dtype,
          shape: value.shape,
        });
        break;
      case "input":
      case "named":
      case "choice":
        throw new Error(`compile: "${name}" should be known here`);
    }
  }
  for (const [name, target] of targets) {
    if (nameOf(target) !== name) {
      nodes.push({ onnx: "Identity", inputs: [nameOf(target)], output: name, attributes: {} });
    }
  }
  const outputs = [...targets].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return {
    bytes: encodeOnnx({
      nodes,
      constants,
      outputs,
      inputs: [...inputs.values(), ...shared],
      external: held,
    }),
    store,
    inputs: [...inputs.keys()],
    shared: shared.map((parameter) => parameter.name),
    held: held.map((parameter) => parameter.name),
    lasting,
    outputs,
  };
}
