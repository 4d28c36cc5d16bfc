/**
 * The Azure storage account that `az://` means, and how its requests are allowed: a shared access signature, the
 * account's key, or nothing. Named as Azure's own tools name it.
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { GranaryError, inputError } from "../errors.ts";
import type { S3Settings } from "./location.ts";
import type { Environment } from "./token_store.ts";

export interface AzureAccount {
  readonly name: string;
  /** The blob service, without a slash at its end. */
  readonly endpoint: string;
  /** A query without its question mark; secret. */
  readonly signature: string | undefined;
  /** The account's key; secret. */
  readonly key: Uint8Array | undefined;
  /** For messages: where the key or the signature comes from. */
  readonly origin: string;
}

/** What is read of the environment, for messages. */
const WANTED =
  "AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY, or AZURE_STORAGE_CONNECTION_STRING";

/**
 * The account of the environment. What a catalog says of an endpoint goes before it, but neither signature nor key
 * go to another host than the account's own. Throws a credential error where no account is named.
 */
export function azureAccount(env: Environment, settings: S3Settings = {}): AzureAccount {
  const own = environmentAccount(env);
  const endpoint = settings.endpoint ?? own?.endpoint;
  if (!endpoint) {
    throw new GranaryError(
      "credential",
      `az:// addresses need an account, and none is named (set ${WANTED})`,
    );
  }
  const isOwn = own !== undefined && new URL(endpoint).origin === new URL(own.endpoint).origin;
  if (own !== undefined && isOwn && settings.access !== "unsigned") {
    return { ...own, endpoint: trimmed(endpoint) };
  }
  const name = new URL(endpoint).hostname.split(".")[0];
  return { name, endpoint: trimmed(endpoint), signature: undefined, key: undefined, origin: "nowhere" };
}

/**
 * `az://container/name` of an https address at the environment's own account, where its signature or key are needed to
 * read there; undefined for all other addresses, and for one that brings a query of its own.
 */
export function azureAddress(env: Environment, url: string): string | undefined {
  const own = accountIfNamed(env);
  if (own === undefined || (own.signature ?? own.key) === undefined) return undefined;
  const { href, search, hash } = new URL(url);
  const base = `${new URL(own.endpoint).href.replace(/\/$/, "")}/`;
  if (search !== "" || hash !== "" || !href.startsWith(base)) return undefined;
  try {
    return `az://${decodeURIComponent(href.slice(base.length))}`;
  } catch {
    return undefined; // a broken escape: no name that the service gave
  }
}

/** As {@linkcode environmentAccount}; what names none, as az:// addresses are told, is no matter of other addresses. */
function accountIfNamed(env: Environment): AzureAccount | undefined {
  try {
    return environmentAccount(env);
  } catch (error) {
    if (error instanceof GranaryError && error.tag === "input") return undefined;
    throw error;
  }
}

function environmentAccount(env: Environment): AzureAccount | undefined {
  const text = env.AZURE_STORAGE_CONNECTION_STRING;
  if (text) return connection(text, "AZURE_STORAGE_CONNECTION_STRING");
  const name = env.AZURE_STORAGE_ACCOUNT;
  if (!name) return undefined;
  const sas = env.AZURE_STORAGE_SAS_TOKEN;
  const key = sas ? undefined : env.AZURE_STORAGE_KEY;
  const origin = sas ? "AZURE_STORAGE_SAS_TOKEN" : key ? "AZURE_STORAGE_KEY" : "nowhere";
  return account(name, env.AZURE_STORAGE_SERVICE_ENDPOINT, sas, key, origin);
}

/** `Name=value;…`, as Azure's portal shows it. */
function connection(text: string, origin: string): AzureAccount {
  const fields = new Map(
    text.split(";").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
    }),
  );
  const endpoint = fields.get("BlobEndpoint");
  const name = fields.get("AccountName") ??
    (endpoint && URL.canParse(endpoint) ? nameIn(endpoint) : undefined);
  if (name === undefined) {
    throw inputError(
      `${origin} names no account (wanted AccountName=…;AccountKey=… or BlobEndpoint=…;SharedAccessSignature=…)`,
    );
  }
  const protocol = fields.get("DefaultEndpointsProtocol") ?? "https";
  const suffix = fields.get("EndpointSuffix") ?? "core.windows.net";
  return account(
    name,
    endpoint ?? `${protocol}://${name}.blob.${suffix}`,
    fields.get("SharedAccessSignature"),
    fields.get("AccountKey"),
    origin,
  );
}

function nameIn(endpoint: string): string {
  const { hostname, pathname } = new URL(endpoint);
  const [first] = pathname.split("/").filter((part) => part !== "");
  return first ?? hostname.split(".")[0];
}

function account(
  name: string,
  endpoint: string | undefined,
  sas: string | undefined,
  key: string | undefined,
  origin: string,
): AzureAccount {
  if (!/^[a-z0-9]{3,24}$/.test(name)) {
    throw inputError(
      `${
        origin === "nowhere" ? "AZURE_STORAGE_ACCOUNT" : origin
      }: the account's name is not one of Azure's (wanted 3 to 24 small letters and digits)`,
    );
  }
  const at = endpoint || `https://${name}.blob.core.windows.net`;
  if (
    !/^https?:\/\//i.test(at) || !URL.canParse(at) || new URL(at).search !== "" || new URL(at).username !== ""
  ) {
    throw inputError(`${origin}: the blob service's endpoint is no address (wanted https://host)`);
  }
  if (key !== undefined && (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || key.length < 16)) {
    throw inputError(`${origin}: the account's key is not base64`);
  }
  return {
    name,
    endpoint: trimmed(at),
    signature: sas ? sas.replace(/^\?/, "") : undefined,
    key: sas || key === undefined ? undefined : Buffer.from(key, "base64"),
    origin,
  };
}

function trimmed(endpoint: string): string {
  return endpoint.replace(/\/+$/, "");
}

/**
 * The `authorization` header of a request with the account's key (Azure's "Authorize with Shared Key", versions
 * since 2015-02-21). `headers` have small names.
 */
export function sharedKey(
  { name, key }: { name: string; key: Uint8Array },
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  bodyBytes: number,
): string {
  const standard = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
  ]
    .concat(["if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"])
    .map((header) =>
      header === "content-length" ? (bodyBytes === 0 ? "" : String(bodyBytes)) : headers[header] ?? ""
    );
  const own = Object.keys(headers).filter((header) => header.startsWith("x-ms-")).sort()
    .map((header) => `${header}:${headers[header].trim()}`);
  const query = [...url.searchParams].map(([field, value]) => `${field.toLowerCase()}:${value}`).sort();
  const text = [method, ...standard, ...own, `/${name}${url.pathname}`, ...query].join("\n");
  const signature = crypto.createHmac("sha256", key).update(text).digest("base64");
  return `SharedKey ${name}:${signature}`;
}
