/** What a function serves, as the template writes it and the function reads it. */
import { inputError } from "../../core/errors.ts";

/** The variable that says what a function serves, as JSON. */
export const SERVE_VARIABLE = "GRANARY_SERVE";

/** What a function serves. */
export interface ServedByFunction {
  readonly catalogs: readonly string[];
  readonly stores: readonly string[];
  readonly cmrUrl: string | null;
}

/** What the variable says. Throws an input error that says what was found and wanted. */
export function parseServed(text: string): ServedByFunction {
  const wanted = (found: string) =>
    inputError(
      `${SERVE_VARIABLE}: ${found} (wanted {"catalogs": ["s3://…"], "stores": [], "cmr_url": null})`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wanted("is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wanted("is no object");
  const { catalogs = [], stores = [], cmr_url: cmrUrl = null, ...others } = value as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw wanted(`has the unknown key "${other}"`);
  if (!areTexts(catalogs)) throw wanted("catalogs is no list of places");
  if (!areTexts(stores)) throw wanted("stores is no list of places");
  if (cmrUrl !== null && typeof cmrUrl !== "string") throw wanted("cmr_url is no text");
  if (catalogs.length === 0 && stores.length === 0 && cmrUrl === null) {
    throw wanted("there is nothing to serve");
  }
  return { catalogs, stores, cmrUrl };
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "");
}
