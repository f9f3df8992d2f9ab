import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.js";

/** SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** SHA-256 of a value's canonical JSON: equal values, equal hashes. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
