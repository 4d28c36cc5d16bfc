/** What DuckDB says of a file that it cannot read, with the file's name. */
import { GranaryError, inputError } from "../errors.ts";

/** DuckDB's messages begin with their kind: `IO Error: …`, `Invalid Error: …`. */
const KIND = /^([A-Z][A-Za-z ]*) Error: ([^\n]*)/;

const MOST_WORDS = 300;

/** Does `work` on a catalog; what DuckDB throws meanwhile is reported with the name of the catalog's file. */
export async function reading<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw readingError(name, error);
  }
}

/** What DuckDB says where the bytes of a file are not what they should be. */
const DAMAGE =
  /Failed to read file|TProtocolException|decompress|corrupt|out of buffer|Don't know what type/i;

/** The same where DuckDB says that a file is damaged; of a mistake in a statement its own words stay. */
export function damageError(name: string, error: unknown): unknown {
  return error instanceof Error && DAMAGE.test(error.message) ? readingError(name, error) : error;
}

/** The same error with the file's name where it is DuckDB's; any other as it is. */
export function readingError(name: string, error: unknown): unknown {
  if (error instanceof GranaryError || !(error instanceof Error)) return error;
  const [, kind, said] = KIND.exec(error.message) ?? [];
  if (kind === undefined) return error;
  if (/Memory|Interrupt/i.test(kind)) {
    return new GranaryError("io", `${name}: ${kind} error: ${said.slice(0, MOST_WORDS)}`, { cause: error });
  }
  return inputError(
    `${name}: cannot be read: ${said.slice(0, MOST_WORDS)} (is the file damaged? copy or build it again)`,
  );
}
