import { type FloatDType, type Parameter, parameter } from "../graph/index.js";
import type { ModelConfig } from "./config.js";
import { parameterShapes } from "./parameters.js";

/**
 * The weights of a model as values of a graph, by TransformerLens's keys; the same key gives the same
 * value.
 *
 * @param held Which of them each session holds a copy of, laid out for its products; none unless given.
 */
export function weightValues(
  config: ModelConfig,
  dtype: FloatDType,
  held: (name: string) => boolean = () => false,
): (name: string) => Parameter {
  const shapes = parameterShapes(config);
  const made = new Map<string, Parameter>();
  return (name) => {
    const shape = shapes.get(name) as readonly number[];
    const value = made.get(name) ?? parameter(name, dtype, shape, { held: held(name) });
    made.set(name, value);
    return value;
  };
}
