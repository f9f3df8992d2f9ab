/**
 * Reverse mode: derivatives of a scalar as values of the same graph, so that whatever runs the graph
 * runs them too. Each operation brings its rule; here the rules are chained, and what reaches a
 * value over several uses is added up.
 */
import { LabError, usageError } from "../errors.js";
import { type Chooser, NameReach } from "./choose.js";
import { dependencies, sourcesOf } from "./cut.js";
import { add } from "./ops/elementwise.js";
import { formatShape } from "./shape.js";
import type { FloatDType } from "./tensor.js";
import { type Operation, scalar, type Value } from "./value.js";

/** What a graph looks like in one run: the ways that it takes, and what is replaced by numbers. */
export interface GradientOptions {
  /** The way that each choice takes; by default the first on which the named variables lie. */
  readonly choose?: Chooser;
  /** Values that the run replaces: a derivative ends there. */
  readonly known?: ReadonlySet<Value>;
}

/**
 * The total derivatives of a scalar with respect to each variable, over all its uses: new values of
 * the variables' shapes. A program whose feeds replace a value between the two must name it in
 * `known`, or the derivative is that of the graph without the feed.
 *
 * @throws LabError if the objective is not a scalar [] of floating-point numbers, if it does not
 *   depend on a variable or a variable is made of whole numbers (never zeros instead), and for an
 *   operator on the way that has no gradient rule.
 */
export function gradients(
  objective: Value,
  variables: readonly Value[],
  { choose = choosing(variables), known = new Set() }: GradientOptions = {},
): Value[] {
  for (const variable of variables) checkTypes(objective, variable);
  const sources = (value: Value) => sourcesOf(value, known, choose);
  const order = [...dependencies(objective, known, choose)];
  // Only a value that leads from a variable to the objective has a derivative worth computing.
  const leading = new Set(variables);
  for (const value of order) {
    if (sources(value).some((source) => leading.has(source))) leading.add(value);
  }
  const adjoints = new Map<Value, Value>([[objective, scalar(objective.dtype as FloatDType, 1)]]);
  for (const value of order.reverse()) {
    const upstream = adjoints.get(value);
    const read = sources(value);
    if (upstream === undefined || !read.some((source) => leading.has(source))) continue;
    const parts = value.kind === "operation" ? throughOperation(value, upstream) : [upstream];
    for (const [i, source] of read.entries()) {
      const part = parts[i] ?? null;
      if (part === null || !leading.has(source)) continue;
      const others = adjoints.get(source);
      adjoints.set(source, others === undefined ? part : add(others, part));
    }
  }
  return variables.map((variable) => {
    const adjoint = adjoints.get(variable);
    if (adjoint !== undefined) return adjoint;
    throw independent(objective, variable, known, choose);
  });
}

function throughOperation(value: Operation, upstream: Value): readonly (Value | null)[] {
  if (value.gradient === null) {
    throw new LabError(`gradient: expected operators with a gradient rule, got ${value.onnx}`, {
      hint: "no derivative can pass through it",
    });
  }
  return value.gradient(upstream, value);
}

function choosing(variables: readonly Value[]): Chooser {
  const varied = new Set(variables.flatMap((value) => ("name" in value ? [value.name] : [])));
  return new NameReach().chooser({ fetched: new Set(), fed: new Set(), varied });
}

function checkTypes(objective: Value, variable: Value): void {
  const where = label(objective, variable);
  if (objective.shape.length > 0 || !isFloat(objective)) {
    throw usageError(
      `${where}: expected a scalar objective, got ${nameOf(objective)} ${objective.dtype} ${formatShape(objective.shape)}`,
      "a gradient is that of one number, such as loss",
    );
  }
  if (!isFloat(variable)) {
    throw usageError(
      `${where}: expected a value of real numbers, got ${nameOf(variable)}, which is made of whole numbers`,
      "whole numbers have no gradient; take that of what is computed from them, such as hook_embed",
    );
  }
}

/** Why there is no derivative. */
function independent(
  objective: Value,
  variable: Value,
  known: ReadonlySet<Value>,
  choose: Chooser,
): LabError {
  const [of, to] = [nameOf(objective), nameOf(variable)];
  const expected = `${label(objective, variable)}: expected a value that ${of} depends on`;
  if (dependencies(objective, known, choose).has(variable)) {
    return usageError(
      `${expected} smoothly, got ${to}: ${of} depends on it only through whole numbers or conditions`,
    );
  }
  const replaced = dependencies(objective, new Set(), choose).has(variable);
  return usageError(
    `${expected}, got ${to}: ${of} does not depend on ${to}${replaced ? " in this run" : ""}`,
    replaced
      ? `the feeds replace what ${of} would be computed from`
      : `a gradient exists for what ${of} is computed from, not for what comes after it`,
  );
}

function isFloat({ dtype }: Value): boolean {
  return dtype === "float32" || dtype === "float64";
}

function label(objective: Value, variable: Value): string {
  return `grad(${nameOf(objective)}, ${nameOf(variable)})`;
}

function nameOf(value: Value): string {
  if ("name" in value) return value.name;
  return value.kind === "operation" ? `a value by ${value.onnx}` : `a ${value.kind}`;
}
