/** What of an option decides how words on a command line belong together; commander's options have it. */
export interface OptionForm {
  readonly short?: string | undefined;
  readonly long?: string | undefined;
  /** Whether a value must, or may, follow. */
  readonly required: boolean;
  readonly optional: boolean;
}

/**
 * A command line of a run without what concerns one call only: the options named in `without` (by their
 * long names) are left out, each with its value. Words that are values of other options stay, whatever
 * they look like.
 */
export function argsWithout(
  args: readonly string[],
  options: readonly OptionForm[],
  without: ReadonlySet<string>,
): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    const option = options.find((form) => isForm(word, form));
    const words = [word];
    if (option !== undefined && takesNext(word, option, args[i + 1])) words.push(args[++i] ?? "");
    if (option === undefined || !without.has(option.long ?? "")) kept.push(...words);
  }
  return kept;
}

function isForm(word: string, { short, long, required, optional }: OptionForm): boolean {
  if (word === short || word === long) return true;
  if (!required && !optional) return false;
  const inLong = long !== undefined && word.startsWith(`${long}=`);
  return inLong || (short !== undefined && !word.startsWith("--") && word.startsWith(short));
}

function takesNext(word: string, { short, long, required, optional }: OptionForm, next?: string) {
  if (word !== short && word !== long) return false;
  return required || (optional && next !== undefined && !next.startsWith("-"));
}
