/**
 * How soon the runtime makes machine code of what a thread runs, where the runtime can be told. A thread that lives for
 * seconds and does its work in few loops gains nothing from code that is compiled for calls which ended long ago, and
 * the threads that compile take the processor from those that work.
 */

/** The call of the runtime that is used, as it documents it: for the thread that calls, until it calls again. */
interface RuntimeCompiler {
  setJITPolicy(scale: number): void;
}

/**
 * How many times more often code has to run than the runtime thinks enough. In aggregations of 48 granules, for every
 * second of all else compiling took 0.28 s as the runtime does it, 0.20 s with 16, 0.17 s with 32 and 0.14 s with 64; the
 * loops themselves took as long in all of them. Beyond, they begin to take longer.
 */
const RELUCTANCE = 64;

/** Makes the runtime compile later in this thread. */
export function compileLater(runtime = runtimeCompiler()): void {
  runtime?.setJITPolicy(RELUCTANCE);
}

function runtimeCompiler(): RuntimeCompiler | undefined {
  const { unsafe } = (globalThis as { Bun?: { unsafe?: Partial<RuntimeCompiler> } }).Bun ?? {};
  return typeof unsafe?.setJITPolicy === "function" ? unsafe as RuntimeCompiler : undefined;
}
