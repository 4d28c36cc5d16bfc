/** One run of the command line: flags read, the command run, its end turned into an exit code. */
import process from "node:process";
import tty from "node:tty";
import type { CliContext } from "./io/context.ts";
import { CommanderError } from "commander";
import { explain } from "./failure.ts";
import { followSignals } from "./interrupt.ts";
import { BrokenPipe } from "./io/descriptor.ts";
import { createLog } from "./io/log.ts";
import { createOutput } from "./io/output.ts";
import { showExchanges } from "./io/exchanges.ts";
import { toJson } from "./io/json.ts";
import { commandOf, usageMessage } from "./help/suggest.ts";
import { askCodesBy } from "../core/access/one_time_code.ts";
import { VERSION } from "../core/version.ts";
import { versionReport } from "./version.ts";
import { asReport } from "./io/report.ts";

/** Runs `args`, the words after the program's name. @returns the exit code */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const out = createOutput();
  const log = createLog();
  const json = args.includes("--json");
  log.json = json;
  try {
    if (asksVersion(args)) {
      if (json) out.json(asReport("version", versionReport()));
      else out.write(`granary ${VERSION}\n`);
      return 0;
    }
    const signals = followSignals(log);
    try {
      const context: CliContext = { out, log, signal: signals.signal, env: process.env, json };
      // process.stdin would bring all of the streams along.
      if (tty.isatty(0)) askCodesBy((device) => askForCode(device, context.signal));
      await signals.race(runProgram(args, context, log));
      return 0;
    } catch (error) {
      if (signals.exitCode === undefined) throw error;
      return signals.exitCode;
    } finally {
      signals.end();
    }
  } catch (error) {
    // The reader of the output has seen enough.
    if (error instanceof BrokenPipe) return 0;
    const failure = explain(error);
    const wanted = Boolean(process.env.GRANARY_DEBUG) || args.includes("--verbose");
    const debug = wanted && failure.stack !== undefined;
    if (json) {
      const { tag, message, exitCode, details, stack } = failure;
      const body = { tag, message, exit_code: exitCode, details, ...(debug ? { stack } : {}) };
      log.raw(toJson({ error: body }, 0) + "\n");
    } else if (failure.message !== "") {
      log.error(failure.message);
      if (debug) log.raw(failure.stack + "\n");
    }
    return failure.exitCode;
  } finally {
    log.settle();
  }
}

async function askForCode(device: string, signal: AbortSignal): Promise<string> {
  const { readSecret } = await import("./io/secret.ts");
  return await readSecret(`One-time code of ${device} (not shown): `, signal);
}

async function runProgram(
  args: readonly string[],
  context: CliContext,
  log: { quiet: boolean },
): Promise<void> {
  // The tree of commands is not needed to say the version.
  const { createProgram, UsageFault } = await import("./program.ts");
  const onFlags = (flags: { json: boolean; quiet: boolean; verbose: boolean }) => {
    context.json = flags.json;
    log.quiet = flags.quiet;
    if (flags.verbose) showExchanges(context.log);
  };
  const program = await createProgram(context, onFlags, args);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof UsageFault)) throw error;
    const whole = await createProgram(context, onFlags);
    const { exitCode, code, message, words } = error;
    throw new CommanderError(exitCode, code, usageMessage(commandOf(whole, words), code, message));
  }
}

/** `--version` before any command; a command's own `--version` takes a value and comes later. */
function asksVersion(args: readonly string[]): boolean {
  for (const word of args) {
    if (word === "--version" || word === "-V") return true;
    if (!word.startsWith("-") || word === "--") return false;
  }
  return false;
}
