/** PyTorch beside us: one process of bench/peers.py for each number of threads. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** @import { Time, Variant } from "./clock.mjs" */

const script = fileURLToPath(new URL("../peers.py", import.meta.url));

/**
 * @typedef {object} Sequences for a peer
 * @property {"all" | "last"} path
 * @property {number} batch
 * @property {number[][]} tokens
 * @property {number[]} targets one for each sequence
 */

/**
 * @typedef {object} Peer
 * @property {{ torch: string, blas: string, threads: number }} about
 * @property {(sequences: Sequences) => Promise<Time & { odds: number[] }>} odds log-odds, nats
 * @property {(n: number, repeats: number) => Promise<Time>} gemm a square product
 * @property {() => void} close
 */

/**
 * @typedef {object} Torch a Python that has PyTorch
 * @property {string} python
 * @property {Record<string, string>} env what makes its products fastest
 * @property {number} seconds CPU time of a product of 1024
 */

const probe = `
import time, numpy, torch
torch.set_num_threads(1)
a = torch.rand(1024, 1024)
times = []
for _ in range(6):
    start = time.process_time()
    torch.mm(a, a)
    times.append(time.process_time() - start)
print(min(times))
`;

/** A product of 1024 takes longer with the reference BLAS alone, which no one would measure with. */
const slowest = 0.2;

/**
 * PyTorch, Debian's if the first Python has none; `null` if neither has. OpenBLAS does not know
 * processors that are younger than it and then computes as on the oldest ones, four times slower: the
 * peer gets the kernels that are fastest here, unless the environment names some.
 *
 * @param {(reason: string) => void} missing told why there is none
 * @returns {Torch | null}
 */
export function findTorch(missing) {
  const cores = ["SkylakeX", "Haswell"].map((core) => ({ OPENBLAS_CORETYPE: core }));
  const choose = process.arch === "x64" && process.env.OPENBLAS_CORETYPE === undefined;
  for (const python of ["python3", "/usr/bin/python3"]) {
    /** @type {Torch[]} */
    const found = [];
    for (const env of [{}, ...(choose ? cores : [])]) {
      const { status, stdout } = spawnSync(python, ["-c", probe], {
        encoding: "utf8",
        env: { ...process.env, ...limits(1), ...env },
      });
      if (status === 0) found.push({ python, env, seconds: Number(stdout) });
      else if (found.length === 0) break;
    }
    const [best] = found.toSorted((a, b) => a.seconds - b.seconds);
    if (best === undefined) continue;
    if (best.seconds <= slowest) return best;
    const speed = (2 * 1024 ** 3) / best.seconds / 1e9;
    missing(`PyTorch: expected a fast BLAS, got one of ${speed.toFixed(1)} GFLOP/s`);
    return null;
  }
  missing("PyTorch: expected it in python3, found none");
  return null;
}

/** @param {number} threads */
const limits = (threads) => ({
  OMP_NUM_THREADS: String(threads),
  OPENBLAS_NUM_THREADS: String(threads),
});

/** Starts a peer on a model's folder. @param {Torch} torch @param {string} dir @param {number} threads @returns {Promise<Peer>} */
export async function startPeer({ python, env }, dir, threads) {
  const child = spawn(python, [script, String(threads)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...limits(threads), ...env },
  });
  child.stdin.on("error", () => undefined); // the missing answer says it
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @param {object} request */
  const ask = async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error("peers.py: expected an answer, got none: see above");
    return JSON.parse(value);
  };
  const about = await ask({ op: "load", dir });
  return {
    about,
    odds: (sequences) => ask({ op: "odds", ...sequences }),
    gemm: (n, repeats) => ask({ op: "gemm", n, repeats }),
    close: () => child.kill(),
  };
}

/**
 * Both paths of a peer as variants.
 *
 * @param {Peer} peer
 * @param {{ tokens: number[][], targets: number[] }} sequences
 * @param {Variant["clock"]} clock
 * @param {{ all: number, last: number }} batches batches of 32 and of 128 sequences in one run
 * @returns {Variant[]}
 */
export function peerVariants(peer, { tokens, targets }, clock, batches) {
  return /** @type {const} */ (["all", "last"]).map((path) => {
    const batch = path === "all" ? 32 : 128;
    const count = batches[path] * batch;
    const sequences = {
      path,
      batch,
      tokens: tokens.slice(0, count),
      targets: targets.slice(0, count),
    };
    return { name: `torch ${path} ${clock}`, work: count, clock, run: () => peer.odds(sequences) };
  });
}
