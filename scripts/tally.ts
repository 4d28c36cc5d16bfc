/** How many tests passed, read from what `deno test` prints. */

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export function addTallies(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export function tallyText({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * The sum line of a process of `deno test` (`ok | 120 passed (3 steps) | 0 failed | 2 ignored (12s)`) and
 * the names of ignored tests. A file that does not load, or a process that was killed, is a failure though
 * no count says so.
 */
export function tallyOf(code: number, output: string): { tally: Tally; ignored: string[] } {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const last = [...plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*$/gm)].at(-1)?.[0] ?? "";
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  const tally = { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
  if (code !== 0 && tally.failed === 0) tally.failed = 1;
  const ignored = [...plain.matchAll(/^(.*) \.\.\. ignored\b/gm)].map(([, name]) => name);
  return { tally, ignored };
}
