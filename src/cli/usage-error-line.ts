import type { Command } from "commander";

/**
 * An error of commander's parser in one line. Its suggestion stands behind it, or, where it has
 * none, the help of the command that was typed.
 */
export function usageErrorLine(text: string, program: Command, args: readonly string[]): string {
  const line = text.trim().replace(/\s*\n\s*/g, " ");
  if (/Did you mean|Allowed choices|Expected/.test(line)) return line;
  const words = [program.name()];
  let command: Command | undefined = program;
  for (const word of args) {
    command = command.commands.find((candidate) => candidate.name() === word);
    if (command === undefined) break;
    words.push(word);
  }
  return `${line}: see ${words.join(" ")} --help`;
}
