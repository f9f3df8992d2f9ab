import { type Command, InvalidArgumentError, Option } from "commander";
import type { PowersDesign, TokenRef } from "../induction/index.js";
import { usageError } from "../errors.js";
import { formatCount, formatNumber } from "../report/numbers.js";
import { type Json, pilot, powerStandardError, sizeForStandardError } from "../runs/index.js";
import type { Precision } from "./make-plan.js";
import type { Session } from "./session.js";

/** Sequence pairs of one role that a run may take. */
const mostPairs = 2 ** 28;

/** Adds `--se`. */
export function withPrecisionOption(command: Command): Command {
  return command.addOption(
    new Option(
      "--se <nats>",
      "as many sequences as powers with this standard error take, by a pilot",
    )
      .argParser((text) => {
        const value = Number(text);
        if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
        throw new InvalidArgumentError(`Expected a number of nats above 0, got "${text}".`);
      })
      .conflicts("sequences"),
  );
}

/** What powers with a wanted standard error, in nats, take. */
export async function precisionFor(
  session: Session,
  se: number,
  { design }: PowersDesign,
  tokens: readonly TokenRef[],
): Promise<NonNullable<Precision>> {
  const { lowestId, highestId } = session.protocol;
  const ids = tokens.map(({ id }) => id);
  // In the crossed design a token's partners are the tokens measured; else all that are drawn.
  const partners =
    design === "crossed"
      ? ids
      : Array.from({ length: highestId - lowestId + 1 }, (_, i) => lowestId + i);
  const variances = await pilot(session, ids, partners);
  const most = Math.max(2, Math.floor(mostPairs / tokens.length));
  const least = Math.max(
    ...[variances.a, variances.b].map((role) => powerStandardError(design, role, most)),
  );
  if (least > se) {
    throw usageError(
      // Rounded up: what is named can be asked for.
      `--se: expected at least ${formatNumber(Math.ceil(least * 1e4) / 1e4, 4)} nats, which ${formatCount(most)} sequence pairs per token and role reach, got ${se}`,
      "ask for less precision, or for fewer tokens with --limit",
    );
  }
  const { sequences, controls, se: expected } = sizeForStandardError(design, variances, se);
  return { se, variances: variances as unknown as Json, sequences, controls, expected };
}
