/** Flags that say how S3 buckets are asked. */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { S3Access, S3Settings } from "../../core/access/location.ts";
import { parseEndpoint } from "../../core/access/s3_address.ts";
import { serverToAsk } from "./places.ts";

const ACCESS: readonly S3Access[] = ["signed", "unsigned", "requester-pays"];

export interface S3Flags {
  s3Access?: S3Access;
  s3Region?: string;
  s3Endpoint?: string;
}

export function addS3Options(command: CommandUnknownOpts): void {
  command.addOption(
    new Option("--s3-access <how>", "s3: how the bucket is read (default: signed where keys are found)")
      .choices(ACCESS),
  );
  command.option("--s3-region <region>", "s3: the bucket's region");
  command.option("--s3-endpoint <url>", "s3: another service than Amazon's", serverToAsk);
}

/** Throws an input error for an endpoint that is none. */
export function s3Settings({ s3Access, s3Region, s3Endpoint }: S3Flags): S3Settings {
  return {
    ...(s3Access === undefined ? {} : { access: s3Access }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
    ...(s3Endpoint === undefined ? {} : { endpoint: parseEndpoint(s3Endpoint, "--s3-endpoint") }),
  };
}
