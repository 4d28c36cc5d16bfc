/** Readings of what is served: what is damaged there is the server's fault, not the request's. */
import { GranaryError } from "../../core/errors.ts";
import { Problem } from "./problem.ts";

/** Throws a 502 that names the store as clients know it; where it lies, and what is wrong there, is for the log. */
export function fromStore<T>(name: string, reading: Promise<T>): Promise<T> {
  return readingOf(`store ${name}`, reading);
}

/** The same of a catalog. */
export function fromCatalog<T>(name: string, reading: Promise<T>): Promise<T> {
  return readingOf(`catalog ${name}`, reading);
}

async function readingOf<T>(what: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof GranaryError) || error.tag !== "input") throw error;
    throw new Problem(502, `the ${what} could not be read`, {}, { cause: error });
  }
}
