/**
 * Are the standard errors of the crossed design right? Simulates it with log-odds of known truth and
 * unequal variances, and compares what `crossedEstimates` states with the errors that it makes:
 * `npm run simulate:crossed [-- --quick] [-- --json]`.
 *
 *     strength   s(i, j) = μ + α_i + β_j + γ α_i β_j + u_i w_j
 *     control    C = κ_i + λ_j + σ_C √(a_i b_j) · z_C + Z · (s(i, j) + ρ_i)
 *     induction  I = s(i, j) + κ_i + λ_j + σ_I √(a_i b_j) · z_I
 *
 * with the spreads of the published powers for α and β, an interaction of two parts, and a noise whose
 * variance differs fourfold over tokens in either role (a and b log-uniform on ½ … 2, mean 1). The z have
 * variance 1, a given skewness and a common part. Z is 1 with probability 1/22: B stands directly after A
 * in the control. Effects are centred over the tokens, so that a token's power is exactly
 * μ + α_i − (μ + α_i + ρ_i) / 22, or with β for the other role and without ρ.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ItemStream, philox4x32, shuffle } from "induction-lab/random";
import { studentTQuantile } from "induction-lab/stats";
import { crossedEstimates } from "../dist/induction/crossed-estimates.js";

/** What strengths are made of, nats; powers as in the published data, the noise as in it or above. */
const truth = { mean: 5, sdA: 1.7, sdB: 1.8, correlation: -0.34, slope: 0.1 };

/** What both members have besides, nats: effects of A and B, and noise; the rise of a token's own. */
const members = { sdA: 0.7, sdB: 1.4, induction: 3, control: 2.4, correlation: 0.3, rise: 1 };

/** Probability that B stands directly after A in a control of the post. */
const chanceOfAB = 1 / 22;

/**
 * @typedef {object} Simulation
 * @property {number} tokens
 * @property {number} rounds with an induction sequence
 * @property {number} [controls] rounds with a control; as many unless given
 * @property {number} replications each with tokens, permutations and noise of its own
 * @property {number} skewness of the noise
 * @property {boolean} [chance] whether B may stand directly after A in a control; it may unless given
 * @property {number} [seed]
 */

/**
 * @typedef {object} Calibration how one estimator of one role did, over tokens and replications
 * @property {number} seRatio root mean square of the stated standard errors over that of the errors
 * @property {number} coverage share of the 95 % intervals that hold the truth
 * @property {number} mse mean squared error, nats²
 */

/** @typedef {{ plain: Calibration, adjusted: Calibration }} RoleCalibration */

/** An endless row of random numbers, apart from those of every other key and purpose. */
class Row {
  #block = 0;
  #used = 4;
  /** @type {number | null} */
  #spare = null;
  #words = new Uint32Array(4);
  #key;
  #tail;

  /** @param {readonly [number, number]} key @param {readonly [number, number]} tail */
  constructor(key, tail) {
    this.#key = key;
    this.#tail = tail;
  }

  /** Uniform on (0, 1). */
  uniform() {
    if (this.#used === 4) {
      philox4x32([this.#block++, 0, ...this.#tail], this.#key, this.#words);
      this.#used = 0;
    }
    return (Number(this.#words[this.#used++]) + 0.5) / 2 ** 32;
  }

  /** Standard normal (Box and Muller 1958). */
  normal() {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** The c with 6c − 4c³ = skewness: then √(1 − 2c²) z + c (z² − 1) has it (Fleishman 1978). @param {number} skewness */
function curvature(skewness) {
  let c = skewness / 6;
  for (let step = 0; step < 20; step++) c -= (6 * c - 4 * c ** 3 - skewness) / (6 - 12 * c * c);
  return c;
}

/** @param {number} length @param {() => number} draw */
function centred(length, draw) {
  const values = Float64Array.from({ length }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  return values.map((value) => value - mean);
}

/** Tokens, permutations and log-odds of one replication. @param {Required<Simulation>} simulation @param {number} replication */
function drawDesign({ tokens, rounds, controls, skewness, chance, seed }, replication) {
  const all = Math.max(rounds, controls);
  const tail = /** @type {const} */ ([all, replication]);
  const effects = new Row([seed, 1], tail);
  /** @param {number} sd */
  const normals = (sd) => centred(tokens, () => sd * effects.normal());
  const alpha = normals(truth.sdA);
  const rest = normals(truth.sdB);
  const { correlation: r } = truth;
  const beta = alpha.map(
    (a, i) => (r * truth.sdB * a) / truth.sdA + Math.sqrt(1 - r * r) * Number(rest[i]),
  );
  const [u, w, kappa, lambda] = [
    normals(1),
    normals(1),
    normals(members.sdA),
    normals(members.sdB),
  ];
  const rho = normals(members.rise);
  // The mean of 2^x with x uniform on −1 … 1 is 1.5 / ln 4.
  const variance = () => (2 ** (2 * effects.uniform() - 1) * Math.log(4)) / 1.5;
  const rootA = Float64Array.from({ length: tokens }, () => Math.sqrt(variance()));
  const rootB = Float64Array.from({ length: tokens }, () => Math.sqrt(variance()));

  const order = new ItemStream([seed, 2], tail);
  const noise = new Row([seed, 3], tail);
  const c = curvature(skewness);
  const straight = Math.sqrt(1 - 2 * c * c);
  const skewed = (/** @type {number} */ z) => straight * z + c * (z * z - 1);
  const common = members.correlation;
  const own = Math.sqrt(1 - common * common);
  const p = chance ? chanceOfAB : 0;
  const partner = new Int32Array(all * tokens);
  const induction = new Float64Array(all * tokens).fill(NaN);
  const control = new Float64Array(all * tokens).fill(NaN);
  const controlAB = new Uint8Array(all * tokens);
  for (let round = 0, k = 0; round < all; round++) {
    partner.set(shuffle(tokens, order, round * tokens), round * tokens);
    for (let i = 0; i < tokens; i++, k++) {
      const j = Number(partner[k]);
      const [a, b] = [Number(alpha[i]), Number(beta[j])];
      const strength = truth.mean + a + b + truth.slope * a * b + Number(u[i]) * Number(w[j]);
      const both = Number(kappa[i]) + Number(lambda[j]);
      const scale = Number(rootA[i]) * Number(rootB[j]);
      const z = noise.normal();
      const other = common * z + own * noise.normal();
      controlAB[k] = noise.uniform() < p ? 1 : 0;
      if (round < rounds) induction[k] = strength + both + members.induction * scale * skewed(z);
      if (round < controls) {
        const rise = controlAB[k] === 1 ? strength + Number(rho[i]) : 0;
        // A skewed control would straighten the strength.
        control[k] = both - members.control * scale * skewed(-other) + rise;
      }
    }
  }
  const powerA = alpha.map((a, i) => (1 - p) * (truth.mean + a) - p * Number(rho[i]));
  const powerB = beta.map((b) => (1 - p) * (truth.mean + b));
  const design = { tokens, rounds, controls, partner, induction, control, controlAB };
  return { design, powerA, powerB };
}

/** Sums over the estimates of one estimator in one role. */
class Tally {
  #reach;
  #n = 0;
  #squaredErrors = 0;
  #squaredSes = 0;
  #covered = 0;

  /** @param {number} reach half the width of an interval, in standard errors */
  constructor(reach) {
    this.#reach = reach;
  }

  /** @param {readonly import("induction-lab").Estimate[]} estimates @param {Float64Array} powers */
  add(estimates, powers) {
    for (const [i, { mean, se }] of estimates.entries()) {
      const error = mean - Number(powers[i]);
      this.#n++;
      this.#squaredErrors += error * error;
      this.#squaredSes += Number(se) ** 2;
      if (Math.abs(error) <= this.#reach * Number(se)) this.#covered++;
    }
  }

  /** @returns {Calibration} */
  result() {
    return {
      seRatio: Math.sqrt(this.#squaredSes / this.#squaredErrors),
      coverage: this.#covered / this.#n,
      mse: this.#squaredErrors / this.#n,
    };
  }
}

/** Simulates the design and judges both estimators in both roles. @param {Simulation} options @returns {{ a: RoleCalibration, b: RoleCalibration }} */
export function simulateCrossed(options) {
  const simulation = { seed: 2023, chance: true, controls: options.rounds, ...options };
  const reach = studentTQuantile(0.975, Math.min(simulation.rounds, simulation.controls) - 1);
  const tally = () => ({ plain: new Tally(reach), adjusted: new Tally(reach) });
  const tallies = { a: tally(), b: tally() };
  for (let replication = 0; replication < simulation.replications; replication++) {
    const { design, powerA, powerB } = drawDesign(simulation, replication);
    const { a, b } = crossedEstimates(design);
    tallies.a.plain.add(a.plain, powerA);
    tallies.a.adjusted.add(a.adjusted, powerA);
    tallies.b.plain.add(b.plain, powerB);
    tallies.b.adjusted.add(b.adjusted, powerB);
  }
  const { a, b } = tallies;
  return {
    a: { plain: a.plain.result(), adjusted: a.adjusted.result() },
    b: { plain: b.plain.result(), adjusted: b.adjusted.result() },
  };
}

/** What is simulated: equal numbers of both members at several skewnesses, then unequal ones. */
function cases() {
  const equal = [0, 0.5, 1].flatMap((skewness) =>
    [2, 4, 8, 20, 256].map((rounds) => ({ skewness, chance: true, rounds, controls: rounds })),
  );
  const never = [4, 8, 20].map((rounds) => ({ rounds, controls: rounds, chance: false }));
  const unequal = [
    [4, 3],
    [3, 4],
    [8, 4],
    [4, 8],
    [8, 6],
    [6, 8],
    [40, 20],
    [20, 40],
  ].map(([rounds = 0, controls = 0]) => ({ rounds, controls, chance: true }));
  return [...equal, ...[...never, ...unequal].map((rest) => ({ skewness: 0.5, ...rest }))];
}

function main() {
  const { values: options } = parseArgs({
    options: { json: { type: "boolean" }, quick: { type: "boolean" } },
  });
  const tokens = 1000;
  const rows = [];
  for (const { skewness, chance, rounds, controls } of cases()) {
    const most = rounds + controls > 100 ? 40 : 100;
    const replications = options.quick === true ? 10 : most;
    process.stderr.write(`skewness ${skewness}, ${rounds} + ${controls} rounds …\n`);
    const simulation = { tokens, rounds, controls, replications, skewness, chance };
    for (const [role, calibration] of Object.entries(simulateCrossed(simulation))) {
      for (const estimator of /** @type {const} */ (["plain", "adjusted"])) {
        const { seRatio, coverage, mse } = calibration[estimator];
        const mseRatio = mse / calibration.plain.mse;
        const row = { role, estimator, seRatio, coverage, mse, mseRatio };
        rows.push({ skewness, chance, rounds, controls, ...row });
      }
    }
  }
  if (options.json === true) {
    const packageFile = fileURLToPath(new URL("../package.json", import.meta.url));
    const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
    const command = ["npm run simulate:crossed --", ...process.argv.slice(2)].join(" ");
    const result = { schema: "induction-lab/crossed-simulation/2", version, command, tokens, rows };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const head = "skewness|B after A|rounds|controls|role|estimator|SE ratio|coverage|MSE / plain";
  const lines = rows.map((row) => [
    String(row.skewness),
    row.chance ? "1/22" : "never",
    String(row.rounds),
    String(row.controls),
    row.role,
    row.estimator,
    row.seRatio.toFixed(3),
    `${(100 * row.coverage).toFixed(2)} %`,
    row.mseRatio.toFixed(3),
  ]);
  for (const line of [head.split("|"), ...lines]) {
    process.stdout.write(
      `${line
        .map((cell) => cell.padEnd(11))
        .join(" ")
        .trimEnd()}\n`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
