/**
 * How soon the runtime makes machine code of what a thread runs, where the runtime can be told. A thread that lives for
 * seconds and does its work in few loops gains nothing from code that is compiled for calls which ended long ago, and
 * the threads that compile take the processor from those that work.
 */
import { setTimeout } from "node:timers";

/** The call of the runtime that is used, as it documents it: for the thread that calls, until it calls again. */
interface RuntimeCompiler {
  setJITPolicy(scale: number): void;
}

/**
 * How many times more often code has to run than the runtime thinks enough. In aggregations of 48 granules, for every
 * second of inflating, threads that compile took 0.8 s as the runtime does it, 0.55 s with 16 and 0.45 s with 64, and the
 * interpreter 0.1 s more with 16 and 0.4 s more with 64: all in all 16 took least, 4.9 to 5.5 s in place of 5.3 to 5.5.
 * Commands that make COGs of one small file took 4 to 8 % less with 16, an aggregate of one cell by a row index a fifth.
 */
const RELUCTANCE = 16;

/**
 * The same for a worker that has lived for {@linkcode YOUNG_MS}: what runs often in it will go on to. Without the runtime's
 * last compiler (cli/start_again.ts) 48 granules took 2 % less with 2 from then on than with 16.
 */
const LATER_RELUCTANCE = 2;
const YOUNG_MS = 300;

/** Makes the runtime compile later in this thread. */
export function compileLater(runtime = runtimeCompiler()): void {
  runtime?.setJITPolicy(RELUCTANCE);
}

/** The same while the thread is young. */
export function compileLaterAtFirst(runtime = runtimeCompiler()): void {
  if (runtime === undefined) return;
  compileLater(runtime);
  setTimeout(() => runtime.setJITPolicy(LATER_RELUCTANCE), YOUNG_MS).unref();
}

function runtimeCompiler(): RuntimeCompiler | undefined {
  const { unsafe } = (globalThis as { Bun?: { unsafe?: Partial<RuntimeCompiler> } }).Bun ?? {};
  return typeof unsafe?.setJITPolicy === "function" ? unsafe as RuntimeCompiler : undefined;
}
