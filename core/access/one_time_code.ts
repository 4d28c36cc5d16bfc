/**
 * One-time codes of a user's device, which some roles want. A process has one terminal to ask at, whoever opens
 * sources in it: the command line says how.
 */
import type { S3Keys } from "./s3_keys.ts";

/** Asks the user for the code that the device (its serial number or ARN) shows. */
type CodeAsker = (device: string) => Promise<string>;

let asker: CodeAsker | undefined;

/** Codes are asked for by `ask` from now on; undefined where nobody can be asked. */
export function askCodesBy(ask: CodeAsker | undefined): void {
  asker = ask;
}

/** How a code is asked for; undefined where nobody can be. */
export function codeAsker(): CodeAsker | undefined {
  return asker;
}

/** Keys are given once more while they have this left. */
const LEFT_MS = 5 * 60_000;
const kept = new Map<string, Promise<S3Keys>>();

/** Keys that a code gave: it is taken once, and everything that opens sources in this process may want them. */
export function keysByCode(id: string, fetchKeys: () => Promise<S3Keys>): Promise<S3Keys> {
  const before = kept.get(id)?.catch(() => undefined) ?? Promise.resolve(undefined);
  const keys = before.then((held) =>
    held !== undefined && (held.expiresAt ?? 0) - Date.now() > LEFT_MS ? held : fetchKeys()
  );
  kept.set(id, keys);
  return keys;
}
