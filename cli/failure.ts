/** What is printed of a failure, and the exit code that goes with it. */
import { CommanderError } from "commander";
import { type SerializedError, serializeError, systemCode } from "../core/errors.ts";

/** Wrong usage: an unknown command or flag, a missing argument. */
const USAGE_EXIT = 2;

/** A failure as data. An empty message means that all has been said already. */
export function explain(error: unknown): SerializedError {
  if (error instanceof CommanderError) return explainUsage(error);
  const data = serializeError(error);
  if (data.tag !== "bug") return data;
  const code = systemCode(error);
  // What the system refused is reported in its words; anything else is a broken invariant of ours.
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return { ...data, tag: "io", details: { code } };
  return {
    ...data,
    message: `unexpected error: ${data.message || "no message"} (this is a bug in granary; ` +
      "with GRANARY_DEBUG=1 the stack is shown)",
  };
}

function explainUsage(error: CommanderError): SerializedError {
  const shown = error.code === "commander.help" || error.code === "commander.helpDisplayed";
  const exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT;
  return { tag: "input", message: shown ? "" : error.message, exitCode, details: {} };
}
