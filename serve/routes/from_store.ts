/** Readings of a store: what is damaged there is the server's fault, not the request's. */
import { GranaryError } from "../../core/errors.ts";
import { Problem } from "../http/problem.ts";

/** Throws a 502 that names the store as clients know it; where it lies, and what is wrong there, is for the log. */
export async function fromStore<T>(name: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof GranaryError) || error.tag !== "input") throw error;
    throw new Problem(502, `the store ${name} could not be read`, {}, { cause: error });
  }
}
