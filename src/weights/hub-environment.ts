import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isMissing, diskError } from "./hub-disk.js";
import type { HubConnectionOptions } from "./hub-request.js";

/** What the environment says of the hub. */
export interface HubEnvironment extends Pick<HubConnectionOptions, "endpoint" | "token"> {
  /** Folder of the cache. */
  readonly cacheDir: string;
  readonly offline: boolean;
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(path, error);
  }
}

/**
 * Options from the variables that all clients of the hub share ("Environment variables" in the
 * documentation of Python's `huggingface_hub`): `HF_ENDPOINT`, `HF_TOKEN` or the token file that
 * `hf auth login` writes (`HF_TOKEN_PATH`), `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`.
 *
 * @throws LabError if there is a token file that cannot be read.
 */
export function hubOptionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): HubEnvironment {
  // A variable that is set to nothing means nothing.
  const variable = (name: string) => env[name]?.trim() || undefined;
  const systemCache = variable("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  const home = variable("HF_HOME") ?? join(systemCache, "huggingface");
  const endpoint = variable("HF_ENDPOINT");
  const file = variable("HF_TOKEN_PATH") ?? join(home, "token");
  const token = variable("HF_TOKEN") ?? (readToken(file)?.trim() || undefined);
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(token !== undefined && { token }),
    cacheDir: variable("HF_HUB_CACHE") ?? variable("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    offline: /^(?:1|on|yes|true)$/i.test(variable("HF_HUB_OFFLINE") ?? ""),
  };
}
