/** What a deployment has to know of a feed. */
import fs from "node:fs";
import path from "node:path";
import { readYamlText } from "../../core/config/read_text.ts";
import { deploymentName } from "../../core/deploy/words.ts";
import { scheduleOf } from "../../core/deploy/schedule.ts";
import { inputError } from "../../core/errors.ts";
import { type FeedDefinition, parseFeed } from "../../feed/definition/parse.ts";
import type { FargateDeployment } from "../../feed/deploy/fargate.ts";
import type { FeedDeployment } from "../../feed/deploy/texts.ts";
import { ownCommand } from "../../runs/own_command.ts";

/** A ConfigMap holds a mebibyte, with what it says of itself. */
const MOST_FILE_BYTES = 900_000;

interface Flags {
  every: string;
  image?: string;
  listen?: boolean;
}

export function feedDeployment(file: string, flags: Flags): FeedDeployment {
  if (file === "-") throw inputError("a feed that is run on time has a file (found stdin)");
  const text = readYamlText(file);
  const definition = parseFeed(text, file);
  const shared = /^postgres(ql)?:/.test(definition.ledger);
  if (shared && URL.canParse(definition.ledger) && new URL(definition.ledger).password !== "") {
    throw inputError(
      `${file}: the ledger's address holds a password, which would stand in what is deployed; leave it out, and set ` +
        "PGPASSWORD",
    );
  }
  const listen = flags.listen === true;
  return {
    name: deploymentName(definition.name),
    command: ownCommand(),
    file: path.resolve(file),
    // Only a container takes files along; elsewhere they stay where they are.
    files: flags.image === undefined ? {} : filesBeside(file, text, definition, listen),
    main: path.basename(file),
    schedule: scheduleOf(flags.every, definition.name),
    listen,
    download: definition.download !== undefined,
    port: definition.push.port,
    secrets: secretsOf(definition, listen, shared),
    shared,
    image: flags.image ?? "",
  };
}

/** The same as a container on AWS. Throws for a ledger that a file system of AWS cannot hold. */
export function fargateDeployment(
  file: string,
  flags: Flags & { image: string },
  architecture: "x86_64" | "arm64",
): FargateDeployment {
  const feed = feedDeployment(file, flags);
  const { catalog, download, exclusive, source } = parseFeed(readYamlText(file), file);
  if (!feed.shared && !exclusive) {
    throw inputError(
      `${file}: its ledger is a file of SQLite, which on AWS lies on EFS, a network file system: say exclusive: true, or ` +
        "name a ledger of PostgreSQL",
    );
  }
  const places = [catalog, download?.to].filter((place) => place !== undefined);
  const elsewhere = [...places, ...source.from === "s3" ? [source.prefix] : []].find((place) =>
    /^(gs|az):/.test(place)
  );
  if (elsewhere !== undefined) {
    throw inputError(
      `${file}: ${elsewhere} is not of AWS, whose roles give no keys for it (wanted s3://bucket/prefix)`,
    );
  }
  return {
    feed,
    architecture,
    written: bucketsOf(places),
    read: bucketsOf(source.from === "s3" ? [source.prefix] : []),
    keepsFiles: !feed.shared || places.some((place) => !/^[a-z0-9]+:\/\//i.test(place)),
  };
}

function bucketsOf(places: readonly string[]): string[] {
  return [...new Set(places.flatMap((place) => /^s3:\/\/([^/{}]+)/.exec(place)?.[1] ?? []))].sort();
}

function secretsOf({ source, download }: FeedDefinition, listen: boolean, shared: boolean): string[] {
  return [
    // Its searches are anybody's; its files and its queues are not.
    ...(source.from === "cdse" && download !== undefined ? ["CDSE_USERNAME", "CDSE_PASSWORD"] : []),
    ...(source.from === "stac" && source.tokenName !== undefined ? [source.tokenName] : []),
    ...(listen ? ["GRANARY_PUSH_USER", "GRANARY_PUSH_PASSWORD"] : []),
    ...(shared ? ["PGPASSWORD"] : []),
  ];
}

/** The YAML and the files that it names, by their paths below its folder. Throws for what a container cannot have. */
function filesBeside(
  file: string,
  text: string,
  definition: FeedDefinition,
  listen: boolean,
): Record<string, string> {
  const folder = path.dirname(path.resolve(file));
  const { keep, source, catalog, download, ledger, push } = definition;
  const below = (name: string, what: string) => {
    const relative = path.relative(folder, name);
    if (!relative.startsWith("..") && !path.isAbsolute(relative)) return relative.split(path.sep).join("/");
    throw inputError(
      `${file}: ${what} lies outside of the YAML's folder (${name}); a container has that folder alone`,
    );
  };
  const places = [["ledger", ledger], ["catalog.to", catalog], ["download.to", download?.to]] as const;
  for (const [what, place] of places) {
    if (place !== undefined && !/^[a-z0-9]+:\/\//i.test(place)) below(place, what);
  }
  if (source.from === "local") {
    throw inputError(`${file}: follows a folder of this machine, which a container does not have`);
  }
  if (listen && (push.port === 0 || /^(127\.|localhost$|::1$)/.test(push.host))) {
    throw inputError(
      `${file}: push listens on ${push.host}:${push.port}, where no other container reaches it (wanted such as ` +
        "push: {host: 0.0.0.0, port: 8080})",
    );
  }
  const files: Record<string, string> = { [path.basename(file)]: text };
  for (const [what, name] of [["keep.tiles", keep.tilesFile], ["keep.polygon", keep.polygonFile]] as const) {
    if (name !== undefined) files[below(name, what)] = fs.readFileSync(name, "utf8");
  }
  const size = Object.values(files).reduce((sum, one) => sum + new TextEncoder().encode(one).length, 0);
  if (size > MOST_FILE_BYTES) {
    throw inputError(`${file}: with its files ${size} bytes (a ConfigMap holds ${MOST_FILE_BYTES})`);
  }
  return files;
}
