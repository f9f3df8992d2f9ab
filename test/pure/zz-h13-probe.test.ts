import { it } from "vitest";
import { memorySource } from "/work/main/src/weights/byte-source.js";
import { openTorch } from "/work/main/src/weights/torch.js";
import { crc32 } from "/work/main/src/weights/crc32.js";
import * as zlib from "node:zlib";
import { gatherStrided } from "/work/main/src/weights/torch-storage.js";
import { zipFile } from "/work/main/bench/torch-file.mjs";
const cat = (...p: (string | Uint8Array | number[])[]) => Buffer.concat(p.map((x) => typeof x === "string" ? Buffer.from(x, "latin1") : Buffer.from(x)));
async function go(label: string, pkl: Uint8Array, extra: any[] = [["m/data/0", new Uint8Array(4)]]) {
  const bytes = zipFile([["m/data.pkl", pkl], ...extra]);
  const before = process.memoryUsage();
  const t = performance.now();
  let r = "read";
  try { await openTorch(memorySource(bytes, "f")); } catch (e) { r = String(e); }
  const after = process.memoryUsage();
  console.log(label, `file ${(bytes.length/1e6).toFixed(2)} MB`, `${((performance.now() - t)/1000).toFixed(2)} s`, `heap +${((after.heapUsed - before.heapUsed)/1e6).toFixed(0)} MB rss +${((after.rss-before.rss)/1e6).toFixed(0)}`, r.slice(0, 160));
}
it("crc", () => {
  const b = new Uint8Array(100e6); for (let i = 0; i < b.length; i += 4) b[i] = (i * 2654435761) >>> 24;
  for (let k = 0; k < 3; k++) { const t = performance.now(); const c = crc32(b); const s = performance.now() - t; console.log("crc ms/100MB", s.toFixed(0), c === (zlib as any).crc32(b)); }
  const n = 20e6, bytes = new Uint8Array(4 * n);
  const t = performance.now();
  gatherStrided(bytes, { kind: "tensor", storage: { kind: "storage", type: "FloatStorage", key: "0", size: n }, offset: 0, shape: [4000, 5000], strides: [1, 4000] });
  console.log("gather 20M transposed ms", (performance.now() - t).toFixed(0));
});
it("maps", async () => {
  const n = 2_400_000;
  const body = Buffer.alloc(2 * n); for (let i = 0; i < n; i++) { body[2*i] = 0x7d; body[2*i+1] = 0x61; }
  await go("list of dicts", cat([0x80, 2], "]", body, "."));
});
it("tuples", async () => {
  const n = 2_400_000;
  const body = Buffer.alloc(2 * n); for (let i = 0; i < n; i++) { body[2*i] = 0x29; body[2*i+1] = 0x61; }
  await go("list of tuples", cat([0x80, 2], "]", body, "."));
});
it("marks", async () => { await go("marks", cat([0x80, 2], Buffer.alloc(990000, "("), ".")); });
it("rank", async () => {
  const rank = 1000, calls = 20000;
  const tup = cat("(", Buffer.from(Array.from({ length: rank }, () => [0x4b, 1]).flat()), "t");
  const args = cat("((", "X", [7,0,0,0], "storage", "ctorch\nFloatStorage\n", "X", [1,0,0,0], "0", "X", [3,0,0,0], "cpu", "K\x01tQK\x00", tup, "q\x02", "h\x02\x89}tq\x01");
  const call = cat("h\x00h\x01Ra");
  await go(`rank ${rank} x ${calls}`, cat([0x80, 2], "ctorch._utils\n_rebuild_tensor_v2\nq\x00", args, "0", "0", "]", ...Array(calls).fill(call), "."));
});
