/** Configs by name: a preset's, or a YAML file's. */
import { inputError } from "../../core/errors.ts";
import { readYamlText } from "../../core/config/read_text.ts";
import { suggestion } from "../../core/suggest.ts";
import { parseConfig, type ParsedConfig } from "./parse.ts";
import { PRESET_NAMES, presetText } from "../../products/presets/index.ts";
import type { Pipeline } from "../pipeline.ts";

/** The pipeline of a preset, such as `atl06`. Throws an input error for any other name. */
export function loadPreset(name: string): Pipeline {
  return parseConfig(presetText(name), name).pipeline;
}

/**
 * The config that `-c` names: a preset (a bare name) or a YAML file; `-` is standard input. Throws an
 * input error that says what is wrong and where.
 */
export function loadConfig(nameOrPath: string): ParsedConfig {
  const text = configText(nameOrPath);
  return parseConfig(text, nameOrPath === "-" ? "standard input" : nameOrPath);
}

/**
 * The configs that `-c` names: one, or the several of a file in which `---` stands between, as `granary config show`
 * prints those of a store. Throws as {@linkcode loadConfig} does.
 */
export function loadConfigs(nameOrPath: string): ParsedConfig[] {
  return parseConfigs(configText(nameOrPath), nameOrPath === "-" ? "standard input" : nameOrPath);
}

/** Every document of `text` as a config; messages about one of several say which it is. */
export function parseConfigs(text: string, fileName: string): ParsedConfig[] {
  const documents = text.split(/^---[ \t]*\r?$/m)
    .filter((document) => !document.split("\n").every((line) => /^\s*(#.*)?$/.test(line)));
  if (documents.length <= 1) return [parseConfig(text, fileName)];
  return documents.map((document, index) => parseConfig(document, `${fileName} (config ${index + 1})`));
}

/**
 * The config that a store was made by, as text that runs, from what the store says of its making. Throws an
 * input error where it says none, as stores of version 0.1.0 do.
 */
export function storeConfigText(
  address: string,
  provenance: Readonly<Record<string, unknown>> | null,
): { text: string; missing: string[] } {
  const { config_yaml: text, config_missing: missing, engine_version: engine } = provenance ?? {};
  if (typeof text !== "string") {
    throw inputError(
      `${address}: the store says no config that runs (${
        engine === undefined ? "it is not one of granary aggregate's" : `it is of engine ${engine}`
      }; look at granary inspect ${address})`,
    );
  }
  return { text, missing: Array.isArray(missing) ? missing.map(String) : [] };
}

/** The text of a preset or of a config file. */
export function configText(nameOrPath: string): string {
  if (!PRESET_NAMES.includes(nameOrPath)) return readConfigText(nameOrPath);
  return presetText(nameOrPath);
}

function readConfigText(file: string): string {
  return readYamlText(
    file,
    (name) =>
      /^[\w-]+$/.test(name)
        ? `"${name}" is neither a preset nor a file${suggestion(name, PRESET_NAMES)}`
        : undefined,
  );
}
