/**
 * Azure's storage emulator, for the interop tests: an npm package that is kept outside the sources and the lock file,
 * since nothing of granary's needs it. Where npm cannot get it, its tests are skipped, visibly.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { runToEnd } from "./run_to_end.ts";

const REQUIREMENT = "azurite@3.37.0";
const INSTALL_LIMIT_MS = 180_000;

/** The emulator's program, of GRANARY_TEST_AZURITE or of a folder made here; empty where there is none. */
export async function prepareAzurite(root: string): Promise<string> {
  const given = process.env.GRANARY_TEST_AZURITE;
  if (given !== undefined && given !== "") return given;
  const folder = path.join(root, "node_modules", ".cache", "granary-azurite");
  const program = path.join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js");
  if (fs.existsSync(program)) return program;
  fs.mkdirSync(folder, { recursive: true });
  const quick = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];
  const ended = await runToEnd("npm", ["install", ...quick, "--prefix", folder, REQUIREMENT], {
    timeoutMs: INSTALL_LIMIT_MS,
  });
  if (ended.code === 0 && fs.existsSync(program)) return program;
  console.log(`interop: azurite is not available (${ended.error ?? ended.stderr.trim().split("\n").at(-1)})`);
  return "";
}
