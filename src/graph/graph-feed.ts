import type { NamedValue } from "./graph.js";
import type { Shape } from "./shape.js";
import type { Tensor } from "./tensor.js";
import type { Value } from "./value.js";

/** A tensor that a feed brings along as an input of the graph. */
export interface FeedInput {
  readonly tensor: Tensor;
  /** Its shape in the graph; sizes that differ from run to run by name, such as `batch`. */
  readonly shape: Shape;
}

/** A computation that replaces one value: nodes of the graph, and the tensors that they read. */
export interface BoundFeed {
  /**
   * Names the computation: whatever two feeds of one value and one key bring along, they build the
   * same nodes, and so share a compiled session.
   */
  readonly key: string;
  readonly inputs: Readonly<Record<string, FeedInput>>;
  /** The replacement, of the value's own element type and shape. */
  build(original: Value, inputs: Readonly<Record<string, Value>>): Value;
}

/**
 * What replaces a named value by computing with it inside the graph. What varies from call to call,
 * such as a head, a factor or a vector, is an input, so that all calls share one session.
 */
export interface GraphFeed {
  /**
   * The computation for one value.
   *
   * @throws LabError if the feed does not fit that value.
   */
  bind(value: NamedValue): BoundFeed;
}
