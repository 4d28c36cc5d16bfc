/**
 * What people install, made from the binary: a wheel (pip, uvx), npm packages (npx, and the library), a tarball,
 * what installs it (a script, a container's file, conda's recipe), and the sums of all. The version is that of
 * deno.json.
 *
 *   deno task package [--target linux-x64|linux-arm64|darwin-arm64|all]… [--only wheel|npm|tarball]… [--out FOLDER]
 *                     [--binary FILE]           packs this machine's binary as it is, instead of compiling one
 *                     [--releases ADDRESS]      where the install script will find the archives
 *
 * A wheel is built by PyPA's `build` and `hatchling`, of the Python of GRANARY_PYTHON or python3.
 */
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { compileTarget } from "./compile_target.ts";
import { writeInstallers } from "./installers.ts";
import { LIBRARY_NODE, makeLibrary } from "./library.ts";
import { hostTarget, isTarget, type Target, TARGETS } from "./targets.ts";

const KINDS = ["wheel", "npm", "tarball"] as const;
type Kind = typeof KINDS[number];

/** Wheels' platform tags (PEP 600, PEP 425): the oldest system that the binary runs on. */
const WHEEL_PLATFORMS: Readonly<Record<Target, string>> = {
  "linux-x64": "manylinux_2_25_x86_64",
  "linux-arm64": "manylinux_2_25_aarch64",
  "darwin-arm64": "macosx_13_0_arm64",
};

const root = path.resolve(import.meta.dirname!, "..");
const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    binary: { type: "string" },
    releases: { type: "string", default: "" },
    out: { type: "string", default: path.join(root, "dist", "packages") },
  },
});
const targets = (values.target ?? [hostTarget()]).flatMap((name) => name === "all" ? [...TARGETS] : [name]);
if (values.binary !== undefined && targets.join() !== hostTarget()) {
  throw new Error(`--binary is this machine's: --target ${targets.join(", ")} does not go with it`);
}
const kinds = values.only ?? [...KINDS];
for (const kind of kinds) {
  if (!(KINDS as readonly string[]).includes(kind)) {
    throw new Error(`--only ${kind}: no such package (there are ${KINDS.join(", ")})`);
  }
}
const { version } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8")) as { version: string };
const out = path.resolve(values.out);
fs.mkdirSync(out, { recursive: true });
const work = fs.mkdtempSync(path.join(os.tmpdir(), "granary-package-"));
try {
  const made: string[] = [];
  for (const target of targets) {
    if (!isTarget(target)) {
      throw new Error(`${target}: no such target (there are ${TARGETS.join(", ")}, all)`);
    }
    const binary = values.binary ?? compileTarget(root, target, path.join(work, `granary-${target}`));
    const makers: Record<Kind, () => string> = {
      wheel: () => wheel(target, binary),
      npm: () => npmPlatform(target, binary),
      tarball: () => tarball(target, binary),
    };
    for (const kind of KINDS) if (kinds.includes(kind)) made.push(makers[kind]());
  }
  if (kinds.includes("npm")) made.push(npmMain());
  const sums = writeSums();
  if (kinds.includes("tarball")) {
    const release = { version, address: values.releases.replace(/\/$/, ""), sums };
    made.push(...writeInstallers(root, out, release));
  }
  for (const file of made) {
    const bytes = fs.statSync(file).size;
    console.log(
      `${path.relative(process.cwd(), file)}: ${bytes < 1e5 ? bytes : `${(bytes / 1e6).toFixed(1)} M`}B`,
    );
  }
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}

function wheel(target: Target, binary: string): string {
  const stage = path.join(work, `wheel-${target}`);
  fs.cpSync(path.join(root, "python"), stage, {
    recursive: true,
    filter: (file) => !/(^|\/)(tests|__pycache__|\.[^/]*)$/.test(path.relative(root, file)),
  });
  fs.copyFileSync(path.join(root, "LICENSE"), path.join(stage, "LICENSE"));
  const bin = path.join(stage, "src", "granary", "bin");
  fs.mkdirSync(bin);
  fs.copyFileSync(binary, path.join(bin, "granary"));
  fs.chmodSync(path.join(bin, "granary"), 0o755);
  const project = path.join(stage, "pyproject.toml");
  fs.writeFileSync(
    project,
    fs.readFileSync(project, "utf8").replace(/^version = ".*"$/m, `version = "${version}"`),
  );
  const python = process.env.GRANARY_PYTHON ?? "python3";
  const built = path.join(work, `built-${target}`);
  run(python, ["-m", "build", "--wheel", "--no-isolation", "--outdir", built, stage], {
    GRANARY_WHEEL_PLATFORM: WHEEL_PLATFORMS[target],
  });
  const [file] = fs.readdirSync(built);
  return moved(path.join(built, file));
}

/** The package with one platform's binary, which npm installs where `os` and `cpu` fit. */
function npmPlatform(target: Target, binary: string): string {
  const [system, cpu] = target.split("-");
  const stage = path.join(work, `npm-${target}`);
  fs.mkdirSync(path.join(stage, "bin"), { recursive: true });
  fs.copyFileSync(binary, path.join(stage, "bin", "granary"));
  fs.chmodSync(path.join(stage, "bin", "granary"), 0o755);
  writePackage(stage, {
    name: `granary-${target}`,
    description: `The granary program for ${target}; install granary, which picks it`,
    os: [system],
    cpu: [cpu],
    ...(system === "linux" ? { libc: ["glibc"] } : {}),
    files: ["bin"],
  });
  return packed(stage);
}

/** The package that people name: a script that starts the binary of their platform, and the library. */
function npmMain(): string {
  const stage = path.join(work, "npm-main");
  fs.cpSync(path.join(root, "npm"), stage, { recursive: true });
  fs.chmodSync(path.join(stage, "bin", "granary.js"), 0o755);
  writePackage(stage, {
    name: "granary",
    description:
      "Catalogs of satellite granules, observations on HEALPix grids, COGs, STAC, tiles and feeds: one program",
    type: "module",
    bin: { granary: "bin/granary.js" },
    exports: { ".": { types: "./types/mod.d.ts", default: "./lib/mod.js" } },
    types: "types/mod.d.ts",
    files: ["bin", "lib", "types"],
    engines: { node: LIBRARY_NODE },
    dependencies: makeLibrary(root, stage),
    optionalDependencies: Object.fromEntries(TARGETS.map((target) => [`granary-${target}`, version])),
  });
  return packed(stage);
}

function writePackage(stage: string, fields: Record<string, unknown>): void {
  fs.copyFileSync(path.join(root, "LICENSE"), path.join(stage, "LICENSE"));
  const { name, ...rest } = fields;
  const text = JSON.stringify({ name, version, license: "MIT", ...rest }, null, 2);
  fs.writeFileSync(path.join(stage, "package.json"), `${text}\n`);
}

function packed(stage: string): string {
  const name = run("npm", ["pack", "--silent", "--pack-destination", work, stage]).trim().split("\n").at(-1)!;
  return moved(path.join(work, name));
}

/** The binary with its licence and how to put it in place. */
function tarball(target: Target, binary: string): string {
  const name = `granary-${version}-${target}`;
  const stage = path.join(work, name);
  fs.mkdirSync(stage);
  fs.copyFileSync(binary, path.join(stage, "granary"));
  fs.chmodSync(path.join(stage, "granary"), 0o755);
  for (const file of ["LICENSE", "README.md", "CHANGELOG.md"]) {
    fs.copyFileSync(path.join(root, file), path.join(stage, file));
  }
  const file = path.join(work, `${name}.tar.gz`);
  run("tar", ["-czf", file, "--owner=0", "--group=0", "-C", work, name]);
  return moved(file);
}

function moved(file: string): string {
  const target = path.join(out, path.basename(file));
  fs.copyFileSync(file, target);
  return target;
}

/** The sums of every package in the folder, as `sha256sum -c` reads them. */
function writeSums(): Map<string, string> {
  const names = fs.readdirSync(out).filter((name) => /\.(whl|tgz|tar\.gz)$/.test(name)).sort();
  const sums = new Map(names.map((name) => [
    name,
    createHash("sha256").update(fs.readFileSync(path.join(out, name))).digest("hex"),
  ]));
  fs.writeFileSync(
    path.join(out, "SHA256SUMS"),
    [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(""),
  );
  return sums;
}

function run(program: string, args: string[], env: Record<string, string> = {}): string {
  const done = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, ...env },
  });
  if (done.status !== 0) {
    throw new Error(
      `${program} ${args.join(" ")}: ${done.error?.message ?? (done.stderr + done.stdout).trim()}`,
    );
  }
  return done.stdout;
}
