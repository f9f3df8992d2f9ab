import { canonicalJson, type Json } from "./canonical-json.js";
import type { Manifest } from "./manifest.js";

/**
 * What a setting changes: the quantity that is measured, the model, which sequences and how many of
 * them, or only the last digits.
 */
export type SettingKind = "quantity" | "model" | "sequences" | "digits";

/** A setting that differs between two runs; `null` where a run does not have it. */
export interface SettingDifference {
  readonly name: string;
  /** What the setting is, in words. */
  readonly words: string;
  readonly first: Json;
  readonly second: Json;
  readonly changes: SettingKind;
}

/** Settings of a run by name, each one value. */
export type Settings = Readonly<Record<string, Json>>;

const known: Readonly<Record<string, readonly [words: string, changes: SettingKind]>> = {
  "protocol.gaps": ["random tokens before the pair, and between it and the last A", "quantity"],
  "protocol.lowestId": ["lowest id drawn at random", "quantity"],
  "protocol.highestId": ["highest id drawn at random", "quantity"],
  "protocol.fillers": ["whether fillers may be A or B", "quantity"],
  "protocol.allowAEqualsB": ["whether a random A may equal B", "quantity"],
  "protocol.control": ["control sequence", "quantity"],
  "protocol.bos": ["id in front of every sequence", "quantity"],
  "scenarios.a": ["fixed A of the scenarios", "quantity"],
  "scenarios.b": ["fixed B of the scenarios", "quantity"],
  "powers.partners": ["tokens that the powers' partners are drawn from", "quantity"],
  model: ["model", "model"],
  weights: ["weights (SHA-256)", "model"],
  processing: ["weight processing", "model"],
  seed: ["seed", "sequences"],
  preset: ["preset", "sequences"],
  limit: ["most tokens whose powers are measured", "sequences"],
  scenarioSequences: ["sequence pairs per scenario", "sequences"],
  neighbourSequences: ["sequence pairs for neighbours", "sequences"],
  remeasureSequences: ["sequence pairs per role of a token that is measured again", "sequences"],
  "powers.design": ["design of the powers", "sequences"],
  "powers.sequences": ["sequence pairs per token and role", "sequences"],
  "powers.rounds": ["rounds of the powers", "sequences"],
  "powers.controls": ["rounds of the powers with controls", "sequences"],
  "powers.tokens": ["tokens whose powers are measured", "sequences"],
  dtype: ["numbers computed with", "digits"],
  backend: ["backend", "digits"],
  batch: ["sequence pairs per run of the model", "digits"],
  path: ["path to the last position", "digits"],
  version: ["version of induction-lab", "digits"],
  runtime: ["runtime", "digits"],
  threads: ["threads", "digits"],
  node: ["Node", "digits"],
  platform: ["platform", "digits"],
  arch: ["architecture", "digits"],
  cpu: ["CPU", "digits"],
};

/** Options that the fixed values, the summaries or `powers` say better, and the size of parts. */
const saidElsewhere = new Set(["model", "a", "b", "aId", "bId", "sequences", "se", "block"]);

/** All settings of a run that its manifest has: parameters, fixed values, what measured last. */
export function settingsOf({ model, parameters, fixed, environments }: Manifest): Settings {
  const { protocol, ...others } = fixed;
  const values: Record<string, Json> = {};
  for (const [name, { value }] of Object.entries(parameters)) {
    const inProtocol = isObject(protocol) && name in protocol;
    if (saidElsewhere.has(name) || name in others || inProtocol) continue;
    add(values, name, value);
  }
  if (protocol !== undefined) add(values, "protocol", protocol);
  for (const [name, value] of Object.entries(others)) {
    if (!saidElsewhere.has(name)) add(values, name, value);
  }
  values.model = model.name;
  return { ...values, ...environments.at(-1) };
}

/** The settings that differ; those that change the quantity first. */
export function settingDifferences(first: Settings, second: Settings): SettingDifference[] {
  const order: readonly SettingKind[] = ["quantity", "model", "sequences", "digits"];
  return [...new Set([...Object.keys(first), ...Object.keys(second)])]
    .map((name): SettingDifference => {
      const [words, changes] = known[name] ?? [name, "sequences"];
      return { name, words, first: first[name] ?? null, second: second[name] ?? null, changes };
    })
    .filter((setting) => canonicalJson(setting.first) !== canonicalJson(setting.second))
    .toSorted((x, y) => order.indexOf(x.changes) - order.indexOf(y.changes));
}

function add(values: Record<string, Json>, name: string, value: Json): void {
  if (!isObject(value)) values[name] = value;
  else
    for (const [key, inner] of Object.entries(value)) add(values, `${name}.${key}`, inner ?? null);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
