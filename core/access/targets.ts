/**
 * Places for objects: a folder, or a prefix of S3, Google or Azure. Keys are relative, with `/`. A put is all or nothing, and a
 * reader sees the old object or the new one.
 */
import { locationOf, type S3Settings } from "./location.ts";
import { FolderTarget } from "./folder_target.ts";
import type { SourceOpener } from "./open.ts";
import type { ObjectTarget } from "./object_target.ts";
import { AzureTarget } from "./azure_target.ts";
import { S3Target } from "./s3_target.ts";
import { inputError } from "../errors.ts";
import { safeName } from "./redact.ts";

/**
 * The target at an address: a path, `file:` or `s3://bucket/prefix` (`gs://`, `az://`). A folder is made when something is
 * put. `opener` is needed for those only.
 */
export function openTarget(address: string, opener: SourceOpener, s3: S3Settings = {}): ObjectTarget {
  const location = locationOf(address);
  switch (location.kind) {
    case "local":
      return new FolderTarget(location.url);
    case "s3":
      return /^az:/.test(location.url)
        ? new AzureTarget(location.url, opener, s3)
        : new S3Target(location.url, opener, s3);
    case "https":
      throw inputError(`${safeName(address)}: cannot be written to (wanted a folder or s3://bucket/prefix)`);
  }
}
