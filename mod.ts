/** granary's library: the same steps as the command line, as functions. */
export { GranaryError } from "./base/errors.ts";
