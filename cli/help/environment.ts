/** The environment variables that granary reads, for the help page and the documentation. */
import { NETWORK_VARIABLES } from "../../core/access/settings.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";

interface EnvironmentGroup {
  title: string;
  variables: Readonly<Record<string, string>>;
}

export const ENVIRONMENT: readonly EnvironmentGroup[] = [
  {
    title: "Earthdata",
    variables: {
      EARTHDATA_TOKEN: "the token; comes before a stored one and before netrc",
      EARTHDATA_USERNAME: "with EARTHDATA_PASSWORD: a login from which a token is made",
      EARTHDATA_PASSWORD: "see EARTHDATA_USERNAME",
      NETRC: "the netrc file (~/.netrc)",
      GRANARY_EARTHDATA_HOSTS: "hosts, with commas between, that may get the token, over the built-in list",
      GRANARY_EARTHDATA_URL: "the login server (https://urs.earthdata.nasa.gov)",
    },
  },
  {
    title: "S3 and AWS",
    variables: {
      AWS_ACCESS_KEY_ID: "with AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary ones: the keys",
      AWS_SECRET_ACCESS_KEY: "see AWS_ACCESS_KEY_ID",
      AWS_SESSION_TOKEN: "see AWS_ACCESS_KEY_ID",
      AWS_PROFILE: "the profile of the configuration files (AWS_DEFAULT_PROFILE, else default)",
      AWS_CONFIG_FILE: "~/.aws/config lies elsewhere",
      AWS_SHARED_CREDENTIALS_FILE: "~/.aws/credentials lies elsewhere",
      AWS_REGION: "where this machine is (AWS_DEFAULT_REGION is read too)",
      AWS_ENDPOINT_URL: "another server than Amazon's; AWS_ENDPOINT_URL_S3, _STS and _LAMBDA for one service",
      AWS_NO_SIGN_REQUEST: "yes: requests to S3 are not signed",
      AWS_ROLE_ARN: "with AWS_WEB_IDENTITY_TOKEN_FILE (and AWS_ROLE_SESSION_NAME): a role to take",
      AWS_WEB_IDENTITY_TOKEN_FILE: "see AWS_ROLE_ARN",
      AWS_EC2_METADATA_DISABLED: "true: the instance is not asked for keys",
      GRANARY_S3_STYLE: "path or virtual: how buckets stand in URLs (by the endpoint)",
    },
  },
  {
    title: "Azure (az://) and Google (gs://)",
    variables: {
      AZURE_STORAGE_CONNECTION_STRING: "the account, with its key or a signature, as Azure's portal shows it",
      AZURE_STORAGE_ACCOUNT: "the account, with AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY",
      AZURE_STORAGE_SAS_TOKEN: "a shared access signature; comes before the account's key",
      AZURE_STORAGE_KEY: "the account's key",
      AZURE_STORAGE_SERVICE_ENDPOINT: "another blob service (https://ACCOUNT.blob.core.windows.net)",
      GS_ACCESS_KEY_ID: "with GS_SECRET_ACCESS_KEY: an HMAC key of Google Cloud Storage",
      GS_SECRET_ACCESS_KEY: "see GS_ACCESS_KEY_ID",
      GS_NO_SIGN_REQUEST: "yes: requests to Google are not signed",
      GS_ENDPOINT_URL: "another server than Google's (https://storage.googleapis.com)",
    },
  },
  {
    title: "Copernicus Data Space",
    variables: {
      CDSE_USERNAME: "with CDSE_PASSWORD: a login from which tokens for downloads and subscriptions are made",
      CDSE_PASSWORD: "see CDSE_USERNAME",
    },
  },
  {
    title: "STAC",
    variables: {
      GRANARY_STAC_TOKEN: "a bearer token, sent to the host of catalog build --from stac URL and to no other",
    },
  },
  {
    title: "Feeds",
    variables: {
      GRANARY_PUSH_USER: "with GRANARY_PUSH_PASSWORD: what a provider names when it pushes notices to a feed",
      GRANARY_PUSH_PASSWORD: "see GRANARY_PUSH_USER",
    },
  },
  {
    title: "Lambda functions",
    variables: {
      GRANARY_PRICES: "a YAML file of prices that estimates and bills go by (Amazon's list prices of 2026)",
      GRANARY_SERVE: "what the function serves, as JSON; set by the template of deploy aws --serve",
    },
  },
  { title: "Network", variables: NETWORK_VARIABLES },
  {
    title: "Folders",
    variables: {
      XDG_CACHE_HOME:
        "where DuckDB's library is unpacked once, and the measures of --dry-run are kept (~/.cache)",
      XDG_CONFIG_HOME: "where granary auth login keeps the token (~/.config)",
      TMPDIR: "temporary files (/tmp)",
    },
  },
  {
    title: "Output",
    variables: {
      NO_COLOR: "set to anything: no colours",
      TERM: "dumb: no colours and no moving progress line",
      GRANARY_PROGRESS_SECONDS:
        "seconds between lines of progress where stderr is no terminal (10; with --json none)",
      GRANARY_DEBUG: "set to anything: the stack of an error that ends a command",
    },
  },
];

export function printEnvironment(context: CliContext): void {
  if (context.json) {
    printReport(context, "help.environment", {
      variables: Object.assign({}, ...ENVIRONMENT.map(({ variables }) => variables)),
    });
    return;
  }
  const width = Math.max(
    ...ENVIRONMENT.flatMap(({ variables }) => Object.keys(variables).map((n) => n.length)),
  );
  const blocks = ENVIRONMENT.map(({ title, variables }) => {
    const lines = Object.entries(variables).map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
    return `${title}:\n${lines.join("\n")}\n`;
  });
  context.out.write(
    `Environment variables, with what holds where one is not set in parentheses.\n\n${blocks.join("\n")}`,
  );
}
