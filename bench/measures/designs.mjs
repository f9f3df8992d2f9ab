/** What the post's design and the crossed one cost for equally precise powers. */
import { crossedPowers, pairCount, powers } from "induction-lab";
import { timed } from "./clock.mjs";
import { spreadTokens } from "./ours.mjs";

/** @import { Experiment, Lab, PowersSummary } from "induction-lab" */

/** Sequence pairs per token and role of the post's design here. */
const sequences = 16;
/** Rounds of the crossed design. */
const rounds = 8;

/**
 * Measures an experiment in pieces of 4,096 pairs and summarises it: its CPU-seconds and the mean over
 * tokens and roles of the squared standard error, nats².
 *
 * @template Params
 * @param {Experiment<Params, PowersSummary>} experiment
 * @param {Lab} lab
 * @param {Params} params
 */
async function cost(experiment, lab, params) {
  const pairs = pairCount(experiment, params);
  const piece = 32 * lab.batch;
  const pieces = async function* () {
    for (let from = 0; from < pairs; from += piece) {
      yield await experiment.measure(lab, params, { from, to: Math.min(pairs, from + piece) });
    }
  };
  let squares = 0;
  const { cpu } = await timed(async () => {
    const { rows } = await experiment.summarise(params, pieces());
    const errors = rows.flatMap(({ a, b }) => [Number(a.se) ** 2, Number(b.se) ** 2]);
    squares = errors.reduce((sum, square) => sum + square, 0) / errors.length;
  });
  return { cpu, squares };
}

/**
 * CPU-seconds of the crossed design, and of the post's for the same mean squared standard error. The
 * post's is measured on a share of the tokens, evenly spread, and scaled: its squared error falls as
 * 1 / n, its cost grows as n and as the tokens.
 *
 * @param {Lab} lab with one thread; both designs go its path
 * @param {{ crossed: number, post: number }} tokens how many each design is measured on
 */
export async function measureDesigns(lab, { crossed, post }) {
  const few = { tokens: spreadTokens(lab, post), sequences };
  const many = {
    tokens: spreadTokens(lab, crossed),
    rounds,
    partners: /** @type {const} */ ("all"),
  };
  const warmUp = { tokens: spreadTokens(lab, 16), sequences };
  await powers.measure(lab, warmUp, { from: 0, to: 2 * lab.batch });
  const fresh = await cost(powers, lab, few);
  const ours = await cost(crossedPowers, lab, many);
  const perToken = fresh.cpu / few.tokens.length;
  const same = (perToken * many.tokens.length * fresh.squares) / ours.squares;
  return { ours: ours.cpu, post: same, tokens: many.tokens.length };
}
