/** Where an S3 object is asked for: bucket and key, endpoint and style, as one URL. */
import { inputError } from "../errors.ts";
import { safeName } from "./redact.ts";

export type S3Style = "path" | "virtual";

/** The services of objects: S3 and those that speak its protocol, Google Cloud Storage, Azure Blob Storage. */
export type ObjectScheme = "s3" | "gs" | "az";

export interface ObjectName {
  scheme: ObjectScheme;
  /** Azure's is a container. */
  bucket: string;
  /** Without a leading slash; empty for the bucket itself. */
  key: string;
}

/** `s3://bucket/key`, `gs://bucket/key` or `az://container/key` in its parts. */
export function parseObjectUrl(url: string): ObjectName {
  const match = /^(s3|gs|az):\/\/([^/?#]+)(?:\/(.*))?$/s.exec(url);
  if (match === null || !/^[A-Za-z0-9$][A-Za-z0-9._-]{1,254}$/.test(match[2])) {
    throw inputError(`${safeName(url)}: no address of an object (wanted s3://bucket/key)`);
  }
  const scheme = match[1] as ObjectScheme;
  const key = match[3] ?? "";
  if (scheme === "az" && /[?&]sig=/i.test(key)) {
    throw inputError(`${safeName(url)}: a signature goes into AZURE_STORAGE_SAS_TOKEN, not into the address`);
  }
  if (key.split("/").some((part) => part === "." || part === "..")) {
    throw inputError(`${url}: holds a "." or ".." part, which no client sends as it is written`);
  }
  return { scheme, bucket: match[2], key };
}

/** A key as a path of a URL: every byte but the unreserved ones is escaped, slashes stay. */
export function encodeKey(key: string): string {
  return key.split("/").map((part) =>
    encodeURIComponent(part).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  ).join("/");
}

/** The URL of an object at Amazon's endpoint of a region, or at another endpoint. */
export function s3HttpUrl(
  { bucket, key }: Pick<ObjectName, "bucket" | "key">,
  region: string,
  endpoint: string | undefined,
  style: S3Style | undefined,
): URL {
  const path = encodeKey(key);
  if (endpoint === undefined) {
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const plain = /^[a-z0-9][a-z0-9-]+[a-z0-9]$/.test(bucket);
    if ((style ?? (plain ? "virtual" : "path")) === "virtual") {
      return new URL(`https://${bucket}.s3.${region}.${domain}/${path}`);
    }
    return new URL(`https://s3.${region}.${domain}/${bucket}/${path}`);
  }
  const base = new URL(endpoint);
  const prefix = base.pathname.replace(/\/+$/, "");
  if (style === "virtual") return new URL(`${base.protocol}//${bucket}.${base.host}${prefix}/${path}`);
  return new URL(`${base.protocol}//${base.host}${prefix}/${bucket}/${path}`);
}

/** An endpoint as someone gave it: a URL, or a host that is meant by https. */
export function parseEndpoint(text: string, from: string): string {
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(url) || new URL(url).search !== "" || new URL(url).username !== "") {
    throw inputError(`${from}: "${text}" is not an S3 endpoint (wanted https://host or https://host/path)`);
  }
  return url;
}
