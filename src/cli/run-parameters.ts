import type { Command } from "commander";
import type { Preset, TokenRef } from "../induction/index.js";
import type { Parameter } from "../runs/index.js";
import type { Session } from "./session.js";

/** Options that change neither the numbers nor the files that a run keeps, or are said elsewhere. */
const passing = new Set([
  ...["json", "quiet", "output", "debug", "offline", "dryRun", "shard", "workers"],
  // What a plan chooses: see planParameters.
  ...["threads", "batch", "path", "block"],
]);

/** Every option of a command that changes what it gives, with its source: a flag or a default. */
export function optionParameters(command: Command): Record<string, Parameter> {
  const parameters: Record<string, Parameter> = {};
  for (const option of command.options) {
    const name = option.attributeName();
    const value: unknown = command.getOptionValue(name);
    if (passing.has(name) || value === undefined) continue;
    const flag = command.getOptionValueSource(name) === "cli";
    parameters[name] = { value: value as Parameter["value"], source: flag ? "flag" : "default" };
  }
  return parameters;
}

/** Every parameter of a run with its source: a flag, the preset, the model card, or a default. */
export function runParameters(
  command: Command,
  preset: Preset,
  { known, protocol }: Session,
  pair: { readonly a: TokenRef; readonly b: TokenRef } | null,
): Record<string, Parameter> {
  const parameters: Record<string, Parameter> = {
    preset: { value: preset.name, source: command.args.length > 0 ? "argument" : "default" },
    scenarioSequences: { value: preset.scenarioSequences, source: "preset" },
    powers: { value: { ...preset.powers }, source: powersSource(command) },
    neighbourSequences: { value: preset.neighbourSequences, source: "preset" },
    remeasureSequences: { value: preset.remeasureSequences, source: "preset" },
    ...optionParameters(command),
  };
  for (const which of ["a", "b"] as const) {
    const flag = `${which}Id` in parameters || which in parameters;
    delete parameters[`${which}Id`];
    const source = flag ? "flag" : known === null ? "default" : "model card";
    delete parameters[which];
    if (pair !== null) parameters[which] = { value: { ...pair[which] }, source };
  }
  parameters.limit ??= { value: null, source: "default" };
  parameters.lowestId ??= {
    value: protocol.lowestId,
    source: known === null ? "default" : "model card",
  };
  return parameters;
}

/** What fixed how many sequences the powers take. */
function powersSource(command: Command): string {
  if (command.getOptionValue("se") !== undefined) return "pilot";
  return command.getOptionValue("sequences") === undefined ? "preset" : "flag";
}
