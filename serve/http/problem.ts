/** Answers that are no data: what a client gets, and what stays in the log. */
import type { z } from "zod";
import { GranaryError } from "../../core/errors.ts";

/** One thing that is wrong with a request, in the form that clients of FastAPI's servers read. */
interface RequestFault {
  /** `missing`, `int_parsing`, `enum`, `value_error`, … */
  type: string;
  /** `["query", "rescale"]`: where it stands. */
  loc: (string | number)[];
  msg: string;
  /** What was found there. */
  input: unknown;
  ctx?: Record<string, unknown>;
}

/** A refusal with its status. The detail is for the client: it names no path of this machine. */
export class Problem extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 405 | 408 | 413 | 414 | 416 | 422 | 500 | 502 | 503 | 504,
    readonly detail: string | readonly RequestFault[],
    readonly headers: Readonly<Record<string, string>> = {},
    options: { cause?: unknown } = {},
  ) {
    super(
      typeof detail === "string"
        ? detail
        : detail.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; "),
      options,
    );
    this.name = "Problem";
  }
}

export function badRequest(detail: string): Problem {
  return new Problem(400, detail);
}

export function notFound(detail: string): Problem {
  return new Problem(404, detail);
}

/** One parameter that cannot be taken. */
export function badParameter(
  name: string,
  msg: string,
  input: unknown,
  where: "query" | "path" | "body" = "query",
): Problem {
  return new Problem(422, [{ type: "value_error", loc: [where, name], msg, input }]);
}

/** Client closed the connection; nothing is sent, the log says it. */
export const CLIENT_CLOSED = 499;

/** What a thrown thing is to the client. What is no known failure is a 500 that tells nothing. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof GranaryError)) {
    return new Problem(500, "an error of the server", {}, { cause: error });
  }
  switch (error.tag) {
    case "input":
      return new Problem(400, error.message, {}, { cause: error });
    case "granule":
      return new Problem(502, "a granule could not be read", {}, { cause: error });
    case "credential":
      return new Problem(502, "the data's host refused this server's credentials", {}, { cause: error });
    case "io":
      return new Problem(502, "the data's host did not answer as it should", {}, { cause: error });
    case "interrupted":
      return new Problem(503, "the server is stopping", { "retry-after": "5" }, { cause: error });
  }
}

/** A schema's complaints as faults at `where`; `integers` are fields of whole numbers. */
export function faultsOf(
  error: z.ZodError,
  where: "query" | "path" | "body",
  input: unknown,
  integers: ReadonlySet<unknown> = new Set(),
): RequestFault[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((part) => typeof part === "symbol" ? String(part) : part);
    const loc = [where, ...path];
    const found = valueAt(input, path);
    if (found === undefined) return { type: "missing", loc, msg: "Field required", input: null };
    switch (issue.code) {
      case "invalid_value": {
        const expected = listed(issue.values.map((value) => `'${String(value)}'`));
        const type = LITERALS.has(path[0]) ? "literal_error" : "enum";
        const why = ZOD_CHOICE.test(issue.message) ? "" : ` (${issue.message})`;
        return { type, loc, msg: `Input should be ${expected}${why}`, input: found, ctx: { expected } };
      }
      case "invalid_type": {
        const kind = PARSED[integers.has(path[0]) ? "int" : issue.expected];
        if (kind === undefined) break;
        const [type, name] = kind;
        return {
          type,
          loc,
          msg: `Input should be a valid ${name}, unable to parse string as ${
            name === "integer" ? "an" : "a"
          } ${name}`,
          input: found,
        };
      }
      case "too_small":
      case "too_big": {
        const small = issue.code === "too_small";
        const bound = small ? issue.minimum : issue.maximum;
        const type = `${small ? "greater" : "less"}_than${issue.inclusive === false ? "" : "_equal"}`;
        const than = `${small ? "greater" : "less"} than${issue.inclusive === false ? "" : " or equal to"}`;
        if (issue.origin !== "number" && issue.origin !== "int") break;
        return { type, loc, msg: `Input should be ${than} ${bound}`, input: found };
      }
      case "unrecognized_keys":
        return { type: "extra_forbidden", loc, msg: issue.message, input: found };
    }
    return { type: "value_error", loc, msg: `Value error, ${issue.message}`, input: found };
  });
}

/** Parameters whose choices clients know as literals. */
const LITERALS: ReadonlySet<unknown> = new Set(["tileMatrixSetId"]);

const PARSED: Readonly<Record<string, [string, string]>> = {
  int: ["int_parsing", "integer"],
  number: ["float_parsing", "number"],
  boolean: ["bool_parsing", "boolean"],
};

/** What zod says of a choice for which a schema has no words of its own. */
const ZOD_CHOICE = /^Invalid (option|input)\b/;

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}
