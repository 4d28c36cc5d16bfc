/**
 * What a platform's binary is made from: Bun's base executable and DuckDB's native files. Those of this
 * machine come with `deno install`; others are npm packages, fetched by npm's own client into
 * node_modules/.cache.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

export const TARGETS = ["linux-x64", "linux-arm64", "darwin-arm64"] as const;
export type Target = typeof TARGETS[number];

/** Bun names its base packages by `aarch64`. */
const BASE_PACKAGES: Readonly<Record<Target, string>> = {
  "linux-x64": "@oven/bun-linux-x64",
  "linux-arm64": "@oven/bun-linux-aarch64",
  "darwin-arm64": "@oven/bun-darwin-aarch64",
};

export function hostTarget(): string {
  return `${process.platform}-${process.arch}`;
}

/** Where the parts lie. `base` is absent for this machine: the running Bun is its own base. */
export function prepareTarget(root: string, target: string): { bindings: string; base?: string } {
  if (!isTarget(target)) {
    throw new Error(`${target}: no such target (there are ${TARGETS.join(", ")} and all)`);
  }
  const versions = packageVersions(root);
  if (target === hostTarget()) {
    const installed = installedBindings(root, target);
    if (installed === undefined) {
      throw new Error(`@duckdb/node-bindings-${target} is not installed; run deno install`);
    }
    return { bindings: installed };
  }
  return {
    bindings: fetchPackage(root, `@duckdb/node-bindings-${target}`, versions.duckdb),
    base: path.join(fetchPackage(root, BASE_PACKAGES[target], versions.bun), "bin", "bun"),
  };
}

export function isTarget(name: string): name is Target {
  return (TARGETS as readonly string[]).includes(name);
}

/** The versions that deno.json pins: the parts of another platform are of the same. */
function packageVersions(root: string): { duckdb: string; bun: string } {
  const { imports } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  const version = (name: string) => imports[name].slice(imports[name].lastIndexOf("@") + 1);
  return { duckdb: version("@duckdb/node-api"), bun: version("bun") };
}

function installedBindings(root: string, target: Target): string | undefined {
  // The binding is a dependency of a dependency: resolved from where it is used.
  const api = createRequire(path.join(root, "mod.ts")).resolve("@duckdb/node-api");
  const bindings = createRequire(api).resolve("@duckdb/node-bindings");
  try {
    const addon = createRequire(bindings).resolve(`@duckdb/node-bindings-${target}/duckdb.node`);
    return path.dirname(fs.realpathSync(addon));
  } catch (error) {
    if ((error as { code?: string }).code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

/** Fetches an npm package of another platform, once. @returns its folder */
function fetchPackage(root: string, name: string, version: string): string {
  const cache = path.join(root, "node_modules", ".cache", "granary-targets");
  const folder = path.join(cache, `${name.replace("/", "-").replace("@", "")}-${version}`);
  if (fs.existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  fs.mkdirSync(work, { recursive: true });
  try {
    const pack = spawnSync("npm", ["pack", "--silent", `${name}@${version}`], {
      cwd: work,
      encoding: "utf8",
    });
    if (pack.error !== undefined || pack.status !== 0) {
      const reason = pack.error?.message ?? pack.stderr.trim();
      throw new Error(
        `${name}@${version}: npm could not fetch it, so that binary cannot be made (${reason})`,
      );
    }
    const archive = fs.readdirSync(work).find((file) => file.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`${name}@${version}: npm pack left no archive`);
    const unpack = spawnSync("tar", ["-xzf", archive, "--strip-components=1"], {
      cwd: work,
      encoding: "utf8",
    });
    if (unpack.error !== undefined || unpack.status !== 0) {
      throw new Error(
        `${archive}: tar could not unpack it (${unpack.error?.message ?? unpack.stderr.trim()})`,
      );
    }
    fs.rmSync(path.join(work, archive));
    fs.renameSync(work, folder);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
