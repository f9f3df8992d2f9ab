import { usageError } from "../errors.js";
import { defaultEndpoint } from "./hub.js";
import { HubTrouble, type HubSubject, networkError, statusError } from "./hub-errors.js";

/** How to reach the hub, in Node and in the browser. */
export interface HubConnectionOptions {
  /** Address of the hub or of a mirror; https://huggingface.co by default. */
  readonly endpoint?: string;
  /** The token that is sent to the hub, and to no other host. */
  readonly token?: string;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
  /** Passes a time in ms between two tries; tests pass none. */
  readonly wait?: (ms: number) => Promise<void>;
  /** How long a server may be silent before the connection counts as broken, in ms; a minute. */
  readonly silence?: number;
}

/** Requests to one hub. */
export interface HubConnection {
  readonly endpoint: string;
  readonly silence: number;
  readonly signal: AbortSignal | undefined;
  wait(ms: number): Promise<void>;

  /**
   * Sends one request, once, and follows redirects. An answer of 416 is given back like a good one.
   *
   * @throws HubTrouble of what may pass, LabError of other refusals, the signal's reason if aborted.
   */
  send(url: string, init: RequestInit, subject: HubSubject): Promise<Response>;

  /** A `fetch` for small answers: tries again what may pass, and throws as `send` does. */
  fetchFor(subject: HubSubject): typeof fetch;
}

/** How often in all something is tried that brings nothing. */
export const mostTries = 5;

/** The wait before a next try, in ms: 1, 2, 4, 8 seconds, or what the server asks for. */
export function waitBefore(trouble: HubTrouble, failures: number): number {
  return trouble.retryAfter ?? 1000 * 2 ** (failures - 1);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The endpoint without its last slash. */
function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw usageError(
      `hub: expected an address that starts with https://, got ${JSON.stringify(endpoint)}`,
      "set HF_ENDPOINT to the hub or a mirror of it, or unset it",
    );
  }
  return url.href.replace(/\/+$/, "");
}

/**
 * Prepares requests to a hub; sends none.
 *
 * @param wayOut Hint of the error where there is no network.
 * @throws LabError of wrong usage if the endpoint is no address or the token cannot be one.
 */
export function hubConnection(options: HubConnectionOptions, wayOut: string): HubConnection {
  const endpoint = checkEndpoint(options.endpoint ?? defaultEndpoint);
  const { origin } = new URL(endpoint);
  const { token, signal, silence = 60_000 } = options;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw usageError("HF_TOKEN: expected a token without spaces, got something else");
  }
  const wait = async (ms: number) => {
    signal?.throwIfAborted();
    await (options.wait ?? ((time: number) => pause(time, signal)))(ms);
    signal?.throwIfAborted();
  };
  const send: HubConnection["send"] = async (url, init, subject) => {
    const headers = new Headers(init.headers);
    // A next page, too, may be on another host; on redirects fetch itself drops the header.
    if (token !== undefined && new URL(url).origin === origin) {
      headers.set("Authorization", `Bearer ${token}`);
    }
    const signals = [signal, init.signal].filter((one) => one instanceof AbortSignal);
    let response: Response;
    try {
      const all = { ...init, headers, signal: AbortSignal.any(signals) };
      response = await (options.fetch ?? fetch)(url, all);
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, url, wayOut);
    }
    if (response.ok || response.status === 416) return response;
    const error = statusError(response, subject, endpoint);
    await response.body?.cancel();
    throw error;
  };
  const whole = async (url: string, init: RequestInit, subject: HubSubject) => {
    const response = await send(url, { ...init, signal: AbortSignal.timeout(silence) }, subject);
    try {
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    } catch (error) {
      signal?.throwIfAborted();
      throw networkError(error, url, wayOut);
    }
  };
  return {
    endpoint,
    silence,
    signal,
    wait,
    send,
    fetchFor:
      (subject) =>
      async (input, init = {}) => {
        const url = input instanceof Request ? input.url : String(input);
        for (let failures = 1; ; failures++) {
          try {
            return await whole(url, init, subject);
          } catch (error) {
            const lasting = !(error instanceof HubTrouble) || error.unreachable;
            if (lasting || failures === mostTries) throw error;
            await wait(waitBefore(error, failures));
          }
        }
      },
  };
}
