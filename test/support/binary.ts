/**
 * Drives dist/granary as a user's shell would, and with no more than that: the file alone in a folder,
 * an empty HOME, a PATH without Node or Deno.
 */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

export const ROOT: string = path.resolve(import.meta.dirname!, "../..");
const BUILT = process.env.GRANARY_TEST_BINARY ?? path.join(ROOT, "dist", "granary");

export interface RunOptions {
  cwd?: string;
  /** Added to the bare environment; undefined takes a name out. */
  env?: Record<string, string | undefined>;
  /** What the program reads on stdin. */
  input?: string | Uint8Array;
  /** The user that runs it, where the tests run as root. */
  uid?: number;
  /** The program is killed after this long, and the test fails. */
  timeoutMs?: number;
}

export interface RunResult {
  code: number;
  signal: string | null;
  stdout: string;
  stderr: string;
  stdoutBytes: Uint8Array;
}

let placed: string | undefined;

/** The binary, alone in a folder of its own; removed with the process. */
export function placedBinary(): string {
  if (placed === undefined) {
    if (!fs.existsSync(BUILT)) throw new Error(`${BUILT} is missing: run deno task compile`);
    const folder = temporaryFolder("granary-binary-");
    // Another user may have to run it.
    fs.chmodSync(folder, 0o755);
    placed = path.join(folder, "granary");
    linkOrCopy(BUILT, placed);
  }
  return placed;
}

function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== "EXDEV" && code !== "EPERM") throw error;
    fs.copyFileSync(from, to);
  }
}

const folders: string[] = [];
globalThis.addEventListener("unload", () => {
  if (sharedHome !== undefined) keepLibraries(sharedHome);
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

/** A new folder that goes when the test process does. */
export function temporaryFolder(prefix = "granary-test-"): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  folders.push(folder);
  return folder;
}

/** Where a run's libraries are kept for later test processes: unpacking them costs more than most runs do. */
const LIBRARIES = path.join(ROOT, "node_modules", ".cache", "granary-libraries");
const CACHE = path.join(".cache", "granary");

/** A new folder as HOME after a first run: with the libraries that the binary unpacks there, and nothing else. */
export function homeFolder(folder: string = temporaryFolder("granary-home-")): string {
  fs.mkdirSync(path.join(folder, CACHE), { recursive: true, mode: 0o700 });
  for (const version of fs.existsSync(LIBRARIES) ? fs.readdirSync(LIBRARIES) : []) {
    if (version.startsWith(".")) continue;
    const place = path.join(folder, CACHE, version);
    fs.mkdirSync(place, { mode: 0o700 });
    for (const file of fs.readdirSync(path.join(LIBRARIES, version))) {
      fs.symlinkSync(path.join(LIBRARIES, version, file), path.join(place, file));
    }
  }
  return folder;
}

/** Keeps what runs have unpacked into a home; the name of its folder says of which bytes it is. */
function keepLibraries(home: string): void {
  const unpacked = path.join(home, CACHE);
  if (!fs.existsSync(unpacked)) return;
  for (const version of fs.readdirSync(unpacked).filter((name) => name.startsWith("native-"))) {
    const kept = path.join(LIBRARIES, version);
    const names = fs.readdirSync(path.join(unpacked, version));
    // A run that was killed leaves a part.
    if (fs.existsSync(kept) || names.some((name) => name.startsWith("."))) continue;
    fs.mkdirSync(LIBRARIES, { recursive: true });
    const made = fs.mkdtempSync(path.join(LIBRARIES, ".new-"));
    for (const name of names) fs.copyFileSync(path.join(unpacked, version, name), path.join(made, name));
    try {
      fs.renameSync(made, kept);
    } catch {
      // Another test process was first.
      fs.rmSync(made, { recursive: true });
    }
  }
}

let sharedHome: string | undefined;

/** A bare environment. HOME holds no more than libraries when a test process starts, and is shared by its runs. */
export function bareEnvironment(extra: Record<string, string | undefined> = {}): Record<string, string> {
  sharedHome ??= homeFolder();
  const bare: Record<string, string | undefined> = {
    HOME: sharedHome,
    PATH: "/usr/bin:/bin",
    TMPDIR: sharedHome,
    LANG: "C.UTF-8",
    ...extra,
  };
  return Object.fromEntries(
    Object.entries(bare).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Starts the binary; the caller reads its pipes and awaits its end. */
export function startGranary(args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(placedBinary(), args, {
    cwd: options.cwd ?? path.dirname(placedBinary()),
    env: bareEnvironment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
}

/** Runs the binary to its end. */
export function granary(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return finish(startGranary(args, options), options);
}

/** Starts a line of shell in which `granary` is the binary. */
export function startShell(line: string, options: RunOptions = {}): ChildProcess {
  return spawn("/bin/bash", ["-c", line], {
    cwd: options.cwd ?? path.dirname(placedBinary()),
    env: bareEnvironment({ PATH: `${path.dirname(placedBinary())}:/usr/bin:/bin`, ...options.env }),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs such a line to its end. */
export function shell(line: string, options: RunOptions = {}): Promise<RunResult> {
  return finish(startShell(line, options), options);
}

/** Collects a child's output until it ends. */
export function finish(child: ChildProcess, options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const out: Uint8Array[] = [], err: Uint8Array[] = [];
    const limit = options.timeoutMs ?? 120_000;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`granary did not end within ${limit} ms; stderr: ${text(err)}`));
    }, limit);
    child.stdout!.on("data", (data: Uint8Array) => out.push(data));
    child.stderr!.on("data", (data: Uint8Array) => err.push(data));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const bytes = join(out);
      resolve({
        code: code ?? -1,
        signal,
        stdout: new TextDecoder().decode(bytes),
        stderr: text(err),
        stdoutBytes: bytes,
      });
    });
    // A program that ends without reading its input closes the pipe; that is its right.
    child.stdin!.on("error", () => {});
    child.stdin!.end(options.input ?? "");
  });
}

function text(parts: readonly Uint8Array[]): string {
  return new TextDecoder().decode(join(parts));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export const isRoot: boolean = process.getuid?.() === 0;
