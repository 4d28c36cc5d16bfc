/** `granary auth status` and `granary auth login`: which credentials there are, without showing any. */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";

const STATUS_EXAMPLES = `
Examples:
  granary auth status
  granary auth status --check                     ask the servers whether they accept what was found`;

const LOGIN_EXAMPLES = `
Examples:
  granary auth login                              asks for the token and shows nothing
  granary auth login < token.txt

Tokens of NASA Earthdata are made at https://urs.earthdata.nasa.gov (Generate Token). The token is kept in a
file that only you can read. Earlier in order come EARTHDATA_TOKEN, and EARTHDATA_USERNAME with
EARTHDATA_PASSWORD; later comes netrc.`;

export function addAuth(program: Command, context: CliContext): void {
  const auth = program.command("auth").description("credentials: what there is, and storing a token");
  auth.command("status")
    .description("tell which credentials were found, from where, for which hosts and until when")
    .option("--check", "ask the servers whether they accept them (exit code 4 if not)")
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async (options) => {
      const { credentialStatus } = await import("../../core/access/status.ts");
      const { SourceOpener } = await import("../../core/access/open.ts");
      const opener = new SourceOpener({
        env: context.env,
        signal: context.signal,
        warn: (message) => context.log.warn(message),
      });
      const status = await credentialStatus(opener, { check: options.check === true });
      if (context.json) return printReport(context, "auth.status", status);
      const { earthdata, aws } = status;
      context.out.table(["credential", "found in", "until", "for"], [
        ["Earthdata token", earthdata.found ?? "nothing", earthdata.until, "https, and keys for S3"],
        ["AWS keys", aws.found ?? "nothing", aws.until, aws.endpoint ?? "S3 of Amazon"],
        ["AWS region", aws.region ?? "nothing", "", "S3 of Earthdata, where it is us-west-2"],
      ]);
      context.out.write(`\nHosts that get the Earthdata token (and those below them):\n`);
      for (const host of earthdata.hosts) context.out.write(`  ${host}\n`);
    });
  auth.command("login")
    .description("store an Earthdata token, read from stdin or typed")
    .addHelpText("after", LOGIN_EXAMPLES)
    .action(async () => {
      const { storeLogin } = await import("../../core/access/earthdata.ts");
      const { readSecret } = await import("../io/secret.ts");
      const token = await readSecret("Earthdata token (not shown): ", context.signal);
      if (token === "") throw inputError("no token came on stdin (wanted one line with it)");
      const { file, expiresAt } = storeLogin(context.env, token);
      const until = expiresAt === null
        ? "its end is not known"
        : `until ${new Date(expiresAt).toISOString()}`;
      if (context.json) {
        printReport(context, "auth.login", {
          file,
          expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
        });
      } else context.log.info(`the token is kept in ${file} (${until})`);
    });
}
