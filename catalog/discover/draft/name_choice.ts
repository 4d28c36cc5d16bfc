/** Which names of files are meant: a glob, or a regular expression between slashes. */
import { inputError } from "../../../core/errors.ts";
import { compileGlob } from "../../../core/glob.ts";
import { MAX_PATTERN, Pattern } from "../../../core/patterns/pattern.ts";

/**
 * The test that a user's text means. `*.he5` is a glob over the whole name, in which `*` takes slashes too and
 * two stars and a slash may be no folder at all; `/_20\d\dm/` a regular expression, looked for anywhere in it. Throws an input error that begins with
 * `what` for one that is none.
 */
export function nameChoice(text: string, what: string): (name: string) => boolean {
  if (text === "" || text.length > MAX_PATTERN + 2) {
    throw inputError(`${what}: has ${text.length} characters (wanted 1 to ${MAX_PATTERN})`);
  }
  if (text.length < 2 || !text.startsWith("/") || !text.endsWith("/")) {
    const [below, here] = [text, text.replace(/(^|\/)\*\*\//g, "$1")].map(compileGlob);
    return (name) => below(name) || here(name);
  }
  try {
    const pattern = new Pattern(text.slice(1, -1));
    return (name) => pattern.test(name);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError(`${what}: "${text}" ${error.message}`);
  }
}
