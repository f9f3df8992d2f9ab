import { usageError } from "../errors.js";
import { canonicalJson, type Json } from "./canonical-json.js";
import type { Manifest } from "./manifest.js";

/** More differences than this are counted, not listed. */
const shown = 6;

/** Longer values than this many characters are cut. */
const longest = 40;

/** What a plan and a manifest say of what may not change. */
type Identity = Pick<Manifest, "parameters" | "fixed" | "stages" | "plan">;

/**
 * Checks that a folder's run is the one that a command asks for.
 *
 * @throws LabError (exit code 2) that lists what differs.
 */
export function refuseChanges(dir: string, before: Identity, now: Identity): void {
  if (before.plan === now.plan) return;
  const implied = impliedByPreset(before.parameters, now.parameters);
  const differences = [
    ...differencesOf(valuesOf(before.parameters, implied), valuesOf(now.parameters, implied)),
    ...differencesOf(without(before.fixed, now.parameters), without(now.fixed, now.parameters)),
  ];
  if (differences.length === 0) {
    differences.push(...differencesOf(stagesOf(before), stagesOf(now)));
  }
  if (differences.length === 0) differences.push("the tokens or pairs that are measured");
  const more = differences.length - shown;
  const list = differences.slice(0, shown).join("; ") + (more > 0 ? `; and ${more} more` : "");
  throw usageError(
    `${dir}: expected the command of the run that is there, got another (${list})`,
    "set back or leave out what differs, choose another folder with -o, or remove this one",
  );
}

type Values = Readonly<Record<string, Json>>;

/** `seed: 0 in the folder, 1 now`, for each value that differs. */
function differencesOf(before: Values, now: Values): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => textOf(before[key]) !== textOf(now[key]))
    .map((key) => `${key}: ${shortOf(before[key])} in the folder, ${shortOf(now[key])} now`);
}

function textOf(value: Json | undefined): string {
  return value === undefined ? "none" : canonicalJson(value);
}

function shortOf(value: Json | undefined): string {
  const text = typeof value === "string" ? value : textOf(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function valuesOf(parameters: Manifest["parameters"], except: ReadonlySet<string>): Values {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([key]) => !except.has(key))
      .map(([key, { value }]) => [key, value]),
  );
}

/** What two presets fix: where they differ, their names say it all. */
function impliedByPreset(
  before: Manifest["parameters"],
  now: Manifest["parameters"],
): ReadonlySet<string> {
  if (before.preset?.value === now.preset?.value) return new Set();
  const ofPreset = (key: string) => [before, now].some((all) => all[key]?.source === "preset");
  return new Set(Object.keys({ ...before, ...now }).filter(ofPreset));
}

/** What a parameter of the same name has said already is not said again. */
function without(fixed: Values, parameters: Manifest["parameters"]): Values {
  return Object.fromEntries(Object.entries(fixed).filter(([key]) => !(key in parameters)));
}

function stagesOf({ stages }: Pick<Manifest, "stages">): Values {
  return Object.fromEntries(
    stages.map(({ id, experiment, pairs }) => [id, `${experiment} of ${pairs} pairs`]),
  );
}
