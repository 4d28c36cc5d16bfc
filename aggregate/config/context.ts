/** What the parts of the parser share. */
import type { Faults } from "../../core/config/faults.ts";
import type { YamlText } from "../../core/config/yaml_text.ts";

/** A config that is being parsed: its text, its faults and its warnings so far. */
export interface Context {
  yaml: YamlText;
  faults: Faults;
  warnings: string[];
}
