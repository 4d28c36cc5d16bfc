/** What this program is, and what a machine must have to run it. */
import process from "node:process";
import { ENGINE_VERSION } from "../aggregate/plan/version.ts";
import { VERSION } from "../core/version.ts";

/**
 * The least system that the binary's native parts load on: Bun's base needs glibc 2.17 on Linux and
 * macOS 13, DuckDB's library the rest.
 */
export const REQUIREMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "linux-x64": { glibc: "2.25", libstdcxx: "GLIBCXX_3.4.22" },
  "linux-arm64": { glibc: "2.25", libstdcxx: "GLIBCXX_3.4.22" },
  "darwin-arm64": { macos: "13.0" },
};

interface VersionReport {
  version: string;
  /** Rises only when the results of a run change. */
  engine_version: number;
  platform: string;
  requires: Readonly<Record<string, string>>;
}

export function versionReport(): VersionReport {
  const platform = `${process.platform}-${process.arch}`;
  return {
    version: VERSION,
    engine_version: ENGINE_VERSION,
    platform,
    requires: REQUIREMENTS[platform] ?? {},
  };
}
