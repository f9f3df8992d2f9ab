import { csvFormatRows } from "d3-dsv";
import type { TokenComparison } from "../induction/compare-powers.js";
import { csvToken } from "../report/token-text.js";

const columns = [
  ...["token", "text", "role", "first", "first_se", "first_n", "second", "second_se", "second_n"],
  ...["difference", "se", "z", "p", "p_adjusted", "differs"],
];

/** The powers of all tokens in common as CSV, in nats; what cannot be known is empty. */
export function powersCsv(rows: readonly TokenComparison[]): string {
  const lines = rows.flatMap(({ token, text, ...roles }) =>
    (["a", "b"] as const).map((role) => {
      const { first, second, difference, se, z, p, adjusted, differs } = roles[role];
      return [
        ...[
          token,
          text === null ? null : csvToken(text),
          role,
          first.mean,
          first.se,
          first.n,
          second.mean,
          second.se,
          second.n,
        ],
        ...[difference, se, z, p, adjusted, differs],
      ].map((cell) => String(cell ?? ""));
    }),
  );
  return `${csvFormatRows([columns, ...lines])}\n`;
}
