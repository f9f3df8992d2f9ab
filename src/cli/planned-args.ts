/** Flags that say what to do with a run, not which run it is. */
const passing = new Set(["--dry-run", "--json", "-q", "--quiet", "--debug"]);

/** The same with a value. */
const passingWithValue = new Set(["--workers", "--shard"]);

/**
 * The words of a command line that name its run, so that another process can be given them again: without
 * what only says what to do with it, and always with its folder.
 */
export function plannedArgs(
  args: readonly string[],
  { dir, given }: { readonly dir: string; readonly given: boolean },
): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (passing.has(word)) continue;
    const [name = "", value] = word.split("=", 2);
    if (!passingWithValue.has(name)) kept.push(word);
    else if (value === undefined && isValue(args[i + 1])) i++;
  }
  return given ? kept : [...kept, "-o", dir];
}

function isValue(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith("-");
}
