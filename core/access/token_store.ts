/**
 * Tokens on disk: one that `auth login` was given, and those that Earthdata made for a user name and
 * password. Both files are readable by their owner only; names hold nothing of what is inside.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeFileAtomic } from "../files/atomic.ts";
import { GranaryError, systemCode } from "../errors.ts";
import { namedFolder } from "../files/folders.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a token came from, as `auth status` tells it. */
export interface TokenOrigin {
  kind: "explicit" | "environment" | "password" | "login" | "netrc";
  /** `EARTHDATA_TOKEN`, `~/.netrc`, … */
  where: string;
}

export interface StoredToken {
  token: string;
  /** Milliseconds since 1970, null where it is not known. */
  expiresAt: number | null;
}

/** Where a user's home is: HOME where it is set. */
export function homeFolder(env: Environment): string {
  return env.HOME !== undefined && env.HOME !== "" ? env.HOME : os.homedir();
}

/** The file of `auth login`. */
export function loginFile(env: Environment): string {
  const base = namedFolder(env.XDG_CONFIG_HOME) ?? path.join(homeFolder(env), ".config");
  return path.join(base, "granary", "earthdata.json");
}

/** The file of tokens that were found or created. */
export function tokenCacheFile(env: Environment): string {
  const base = namedFolder(env.XDG_CACHE_HOME) ?? path.join(homeFolder(env), ".cache");
  return path.join(base, "granary", "earthdata-tokens.json");
}

/** A key for an entry that tells nothing of whom it belongs to. */
export function entryKey(...parts: string[]): string {
  return crypto.createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 32);
}

/**
 * The entries of a token file; none where it is missing. A file that others can read is not used: its
 * tokens may be known to them.
 */
export function readTokens(file: string): Record<string, StoredToken> {
  let text: string;
  try {
    const stat = fs.statSync(file);
    if ((stat.mode & 0o077) !== 0 && platformHasModes()) {
      throw new GranaryError(
        "credential",
        `${file}: holds a token and can be read by others (mode ${(stat.mode & 0o777).toString(8)}); ` +
          `make it yours alone with chmod 600, or log in again with granary auth login`,
      );
    }
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    if (error instanceof GranaryError) throw error;
    throw new GranaryError(
      "credential",
      `${file}: cannot read (${code ?? "error"}); make it readable for you`,
      {
        cause: error,
      },
    );
  }
  const entries: Record<string, StoredToken> = {};
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw damaged(file);
  }
  if (typeof data !== "object" || data === null) throw damaged(file);
  for (const [key, value] of Object.entries(data)) {
    const { token, expiresAt } = (value ?? {}) as Partial<StoredToken>;
    if (typeof token !== "string" || token === "") throw damaged(file);
    entries[key] = { token, expiresAt: typeof expiresAt === "number" ? expiresAt : null };
  }
  return entries;
}

function damaged(file: string): GranaryError {
  return new GranaryError(
    "credential",
    `${file}: is not a token file of granary; remove it and log in again`,
  );
}

/** Writes a token file, mode 600, in a folder of mode 700. */
export function writeTokens(file: string, entries: Record<string, StoredToken>): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileAtomic(file, JSON.stringify(entries), { mode: 0o600 });
}

function platformHasModes(): boolean {
  return os.platform() !== "win32";
}

/** When a JSON Web Token ends, by its own word: milliseconds since 1970, or null. */
export function jwtExpiry(token: string): number | null {
  const part = token.split(".")[1];
  if (part === undefined) return null;
  try {
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(base64url(part)))) as {
      exp?: unknown;
    };
    return typeof claims.exp === "number" && Number.isFinite(claims.exp) ? claims.exp * 1000 : null;
  } catch (error) {
    // A token need not be a JWT: then its end is not known.
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof DOMException) {
      return null;
    }
    throw error;
  }
}

function base64url(text: string): Uint8Array {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
