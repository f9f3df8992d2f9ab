import { expect, onTestFinished } from "vitest";
import { type HubOptions, hubClient } from "../../src/weights/hub-node.js";
import {
  type HubDouble,
  type HubDoubleOptions,
  type RepoFiles,
  sha256,
  startHubDouble,
} from "../support/hub-double.js";
import { temporaryFolder } from "../runs/temporary-folder.js";

export const repo = "lab/tiny-model";

/** Bytes without a pattern of their own, the same for the same seed. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function text(content: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(content);
}

export const config = text('{"n_layers": 2}');
export const weights = someBytes(300_000);

export const tinyFiles: RepoFiles = new Map([
  ["config.json", config],
  ["model_final.pth", weights],
  ["checkpoints/tokens_1000.pth", someBytes(2000, 2)],
  ["empty.txt", new Uint8Array(0)],
]);

/** Expects bytes, quickly also where there are many. */
export function expectBytes(actual: Uint8Array | null, expected: Uint8Array): void {
  expect(actual === null ? null : sha256(actual)).toBe(sha256(expected));
}

/** A double of the hub that goes when the test ends; with the tiny model unless told otherwise. */
export async function startDouble(options: Partial<HubDoubleOptions> = {}): Promise<HubDouble> {
  const double = await startHubDouble({ repos: new Map([[repo, tinyFiles]]), ...options });
  onTestFinished(() => double.close());
  return double;
}

/** A client of the double with a new cache, or the one given, that never waits between tries. */
export async function clientOf(double: HubDouble, options: HubOptions = {}) {
  const cacheDir = options.cacheDir ?? (await temporaryFolder());
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  const client = hubClient({ endpoint: double.url, wait, ...options, cacheDir });
  return { client, cacheDir, waits, folder: `${cacheDir}/models--lab--tiny-model` };
}

/** Downloads of file content, in the order of the log. */
export function transfers(double: HubDouble) {
  return double.requests
    .filter(({ status }) => status === 200 || status === 206)
    .filter(({ server, url }) => server === "cdn" || url.includes("/resolve/"));
}
