import { ItemStream } from "../random/index.js";
import { normalQuantile } from "../stats/index.js";
import {
  comparePublished,
  mostDisagreeing,
  type PublishedComparison,
} from "./compare-published.js";
import { powerSpread } from "./powers-summary.js";
import type { Role } from "./powers.js";
import type { Estimate, PowerRow } from "./summary.js";

/** What was put into simulated data, and what the comparison must make of it. */
export interface SimulatedCase {
  /** What the simulated run has besides chance, in words. */
  readonly planted: string;
  /** What must be found, in words. */
  readonly expected: string;
  readonly comparison: PublishedComparison;
  /** Whether that was found, and nothing that must not be. */
  readonly found: boolean;
}

/** Nats that a simulated run lies above the truth. */
const shift = 0.1;
/** Share of the true standard errors that a simulated run states. */
const understated = 0.8;
/** Tokens of a simulated run whose A powers are wrong, and by how many joint standard errors. */
const wrong = { tokens: 20, by: 10 };

/**
 * The comparison with published powers on data of known truth, one case by chance alone and one for
 * each kind of fault that it is there to find.
 *
 * Truth: normal over tokens, with the mean and the noise-free spread of the published column.
 * Published and run: truth + a normal error of the published SE each, and a stated SE that scatters as
 * one of n sequences does, by 1 / √(2 (n − 1)) of itself.
 *
 * @param published What was published, 20 tokens at least: the means and spreads of its columns and the
 *   SE of each token are used.
 * @param seed 0 to 2³² − 1; all cases share their random numbers.
 */
export function simulatePublished(
  published: readonly PowerRow[],
  seed: number,
  q: number,
): SimulatedCase[] {
  const simulated = simulate(published, seed);
  const compared = (change: (row: PowerRow, place: number) => PowerRow) =>
    comparePublished(simulated.run.map(change), simulated.published, q);
  const columns = ({ a, b }: PublishedComparison) => [a, b];

  const chance = compared((row) => row);
  const shifted = compared((row) => both(row, (power) => ({ ...power, mean: power.mean + shift })));
  const tooSure = compared((row) =>
    both(row, (power) => ({ ...power, se: understated * (power.se as number) })),
  );
  const apart = Math.floor(published.length / wrong.tokens);
  const isWrong = (place: number) => place % apart === 0 && place < apart * wrong.tokens;
  const some = compared((row, place) => {
    if (!isWrong(place)) return row;
    const joint = Math.SQRT2 * ((published[place] as PowerRow).a.se as number);
    return { ...row, a: { ...row.a, mean: row.a.mean + wrong.by * joint } };
  });
  const wrongTokens = new Set(simulated.run.filter((_, i) => isWrong(i)).map((row) => row.token));
  return [
    {
      planted: "chance alone",
      expected: "mean and sd of z within their bounds",
      comparison: chance,
      found: chance.agree,
    },
    {
      planted: `powers of the run ${shift} nats too high`,
      expected: "mean of z out of its bounds",
      comparison: shifted,
      found: columns(shifted).every(({ within }) => !within.mean),
    },
    {
      planted: `standard errors of the run ${Math.round(100 * (1 - understated))} % too small`,
      expected: "sd of z out of its bounds, its mean within",
      comparison: tooSure,
      found: columns(tooSure).every(({ within }) => within.mean && !within.sd),
    },
    {
      planted: `A powers of ${wrong.tokens} tokens ${wrong.by} standard errors too high`,
      expected: "those tokens head the list of disagreements, and differ",
      comparison: some,
      found: mostDisagreeing(some.rows, wrong.tokens).every(
        ({ token, role, differs }) => role === "a" && differs && wrongTokens.has(token),
      ),
    },
  ];
}

function both(row: PowerRow, change: (power: Estimate) => Estimate): PowerRow {
  return { ...row, a: change(row.a), b: change(row.b) };
}

/** Random items of each token and role: the truth, and an error and a stated SE of either side. */
const items = { truth: 0, run: 1, published: 3, count: 5 } as const;

/** Steps of the uniform numbers that normal ones are made of. */
const steps = 2 ** 21;

/** Keeps these numbers apart from those of every experiment, whose codes are small. */
const simulationCode = 2 ** 31;

/** A run and what was published, of one truth. */
function simulate(
  rows: readonly PowerRow[],
  seed: number,
): { readonly run: PowerRow[]; readonly published: PowerRow[] } {
  const column = (role: Role) => {
    const { mean, trueSd } = powerSpread(rows.map((row) => row[role]));
    const stream = new ItemStream([seed, simulationCode], [role === "a" ? 0 : 1, 0]);
    return (place: number, side: "run" | "published"): Estimate => {
      const normal = (item: number) => {
        const step = stream.draw(items.count * place + item, steps);
        return normalQuantile((step + 0.5) / steps);
      };
      const { n, se } = (rows[place] as PowerRow)[role];
      const truth = mean + (trueSd as number) * normal(items.truth);
      const error = (se as number) * normal(items[side]);
      const stated = (se as number) * (1 + normal(items[side] + 1) / Math.sqrt(2 * (n - 1)));
      return { n, mean: truth + error, se: stated, sd: stated * Math.sqrt(n) };
    };
  };
  const [a, b] = [column("a"), column("b")];
  const side = (name: "run" | "published") =>
    rows.map(({ token, text }, i) => ({ token, text, a: a(i, name), b: b(i, name) }));
  return { run: side("run"), published: side("published") };
}
