// Writes docs/results.md: what `induction run quick` measures on the embedded model. `npm run results`.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
build();
const dir = join("runs", "results");
const args = ["dist/cli/main.js", "run", "quick", "-o", dir];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(1);

const run = JSON.parse(readFileSync(join(root, dir, "summary.json"), "utf8"));
const number = (x) => (x === null ? "–" : x.toFixed(2).replace("-", "−"));
const three = (x) => x.toFixed(3).replace("-", "−");
const estimate = ({ mean, se }) => `${number(mean)} ± ${number(se)}`;
const token = (t) => (t === undefined ? "random" : `\`"${t.text}"\``);
const share = (r) =>
  r === null ? "not testable" : `${number(r.ratio)} (${number(r.low)} to ${number(r.high)})`;
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const { scenarios, powers, neighbours } = run;
const spread = (name, s) => [
  name,
  estimate(s),
  number(s.sd),
  number(s.trueSd),
  number(s.reliability),
];
const classes = powers.classes.map((c) => [
  c.class,
  String(c.tokens),
  number(c.a.mean),
  number(c.b.mean),
  c.correlation === null
    ? "–"
    : `${three(c.correlation.r)} (${three(c.correlation.low)} to ${three(c.correlation.high)})`,
]);

writeFileSync(
  join(root, "docs/results.md"),
  `# Results on the embedded model

Written by \`npm run results\`, which runs \`induction run quick\` (seed ${run.seed}, version ${run.version}) on
${run.model.name}; ${run.engine.runtime}, ${run.engine.dtype}. Nats; ± is one standard error, brackets are 95 % intervals. The
published results of the post are about attn-only-2l, not about this model.

## Scenarios

${scenarios[0].strength.n} sequence pairs each.

${table(
  ["A", "B", "strength", "sd", "log-odds, induction", "log-odds, control"],
  scenarios.map((s) => [
    token(s.a),
    token(s.b),
    estimate(s.strength),
    number(s.strength.sd),
    estimate(s.logOdds.induction),
    estimate(s.logOdds.control),
  ]),
)}

## Powers

${powers.rows.length} tokens, crossed design, ${powers.sequences} rounds, adjusted for the partners and for chance pairs in the controls.

${table(
  ["power", "mean over tokens", "sd over tokens", "sd without noise", "reliability"],
  [spread("A", powers.a), spread("B", powers.b)],
)}

Correlation of A and B power over tokens: ${three(powers.correlation.r)} (${three(powers.correlation.low)} to ${three(powers.correlation.high)}). By class of token:

${table(["class", "tokens", "A power", "B power", "correlation"], classes)}

## Neighbours of B

${neighbours.sequences} sequence pairs. Strength of B ${estimate(neighbours.b.strength)}, of random tokens ${estimate(neighbours.random.strength)}.

${table(
  ["rank", "strength", "share of the way from random tokens to B", "in logits"],
  neighbours.halfWay.map((h) => [
    String(h.rank),
    estimate(neighbours.ranks.find((r) => r.rank === h.rank).strength),
    share(h.logOdds),
    share(h.logits),
  ]),
)}
`,
);
process.stderr.write("docs/results.md written\n");
