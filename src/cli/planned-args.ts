import { argsWithout, type OptionForm } from "./args-without.js";

/** Options that say what to do with a run, not which run it is. */
const passing = new Set(["--dry-run", "--json", "--quiet", "--debug", "--workers", "--shard"]);

/**
 * The words of a command line that name its run, so that another process can be given them again: without
 * what only says what to do with it, and always with its folder.
 */
export function plannedArgs(
  args: readonly string[],
  options: readonly OptionForm[],
  { dir, given }: { readonly dir: string; readonly given: boolean },
): string[] {
  const kept = argsWithout(args, options, passing);
  return given ? kept : [...kept, "-o", dir];
}
