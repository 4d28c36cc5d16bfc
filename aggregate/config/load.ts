/** Configs by name: a preset's, or a YAML file's. */
import fs from "node:fs";
import { GranaryError, inputError, systemCode } from "../../core/errors.ts";
import { suggestion } from "../../core/suggest.ts";
import { parseConfig, type ParsedConfig } from "./parse.ts";
import { PRESET_NAMES, presetText } from "../../products/presets/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { CONFIG_MAX_CHARS } from "../../core/yaml_text.ts";

/** The pipeline of a preset: `atl06`, `atl08` or `gedi_l2a`. Throws an input error for any other name. */
export function loadPreset(name: string): Pipeline {
  return parseConfig(presetText(name), name).pipeline;
}

/**
 * The config that `-c` names: a preset (a bare name) or a YAML file; `-` is standard input. Throws an
 * input error that says what is wrong and where.
 */
export function loadConfig(nameOrPath: string): ParsedConfig {
  if (PRESET_NAMES.includes(nameOrPath)) return parseConfig(presetText(nameOrPath), nameOrPath);
  return parseConfig(readConfigText(nameOrPath), nameOrPath === "-" ? "standard input" : nameOrPath);
}

/** The text of a preset or of a config file. */
export function configText(nameOrPath: string): string {
  return PRESET_NAMES.includes(nameOrPath) ? presetText(nameOrPath) : readConfigText(nameOrPath);
}

function readConfigText(file: string): string {
  try {
    const fd = file === "-" ? 0 : fs.openSync(file, "r");
    try {
      return decode(readBounded(fd, file), file);
    } finally {
      if (fd !== 0) fs.closeSync(fd);
    }
  } catch (error) {
    if (error instanceof GranaryError) throw error;
    const code = systemCode(error);
    if (code === "ENOENT" && /^[\w-]+$/.test(file)) {
      throw inputError(`"${file}" is neither a preset nor a file${suggestion(file, PRESET_NAMES)}`);
    }
    const reasons: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder (wanted a YAML file)",
      EACCES: "permission denied",
      ENAMETOOLONG: "the name is too long",
    };
    throw inputError(
      `${file}: cannot read the config: ${(code && reasons[code]) ?? (error as Error).message}`,
    );
  }
}

/** At most a little over the limit: the parser refuses the rest with its own words. */
function readBounded(fd: number, file: string): Uint8Array {
  const bytes = new Uint8Array(4 * CONFIG_MAX_CHARS + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = fs.readSync(fd, bytes, length, Math.min(65_536, bytes.length - length), null);
    if (count === 0) break;
    length += count;
  }
  if (length === bytes.length) {
    throw inputError(`${file}: the config is larger than ${length - 1} bytes; is this the right file?`);
  }
  return bytes.subarray(0, length);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw inputError(`${file}: this is not UTF-8 text (wanted a YAML config)`);
  }
}
