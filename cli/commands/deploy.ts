/** `granary deploy`: what makes granary a Lambda function, and what runs a dataset on time. */
import process from "node:process";
import { type Command, Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { formatBytes } from "../../core/units.ts";
import {
  DIRECT_ZIP_LIMIT_BYTES,
  lambdaTemplate,
  TEMPLATE_DEFAULTS,
  UNPACKED_LIMIT_BYTES,
} from "../../runs/lambda/lambda_template.ts";
import { functionFrom } from "../flags/function.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { gathering } from "../flags/repeated.ts";
import { serveTemplateFrom } from "../flags/served.ts";
import { fargateDeployment } from "./deploy_feed.ts";
import { addDeploySchedules, scheduledJob, warnOfPlaces } from "./deploy_schedule.ts";
import { whole } from "../flags/numbers.ts";
import { calledStores, fileToRead, fileToWrite } from "../flags/places.ts";

const FEED_EVERY = "1h";

const EXAMPLES = `
Examples:
  granary deploy aws --package granary-lambda.zip
  granary deploy aws --print > granary.json
  aws s3 cp granary-lambda.zip s3://BUCKET/ && aws cloudformation deploy --template-file granary.json --stack-name granary --capabilities CAPABILITY_IAM --parameter-overrides CodeBucket=BUCKET DataBucket=BUCKET
  granary aggregate -c atl06 --catalog catalog.parquet -o s3://BUCKET/store.zarr --backend lambda --function-name granary
  granary deploy aws --serve --catalog s3://BUCKET/hls.parquet --store s3://BUCKET/ice.zarr > serve.json
  granary deploy aws omto3d.yaml --every 6h > omto3d.json
  granary deploy aws --feed s2.yaml --every 5m --image registry.example.org/granary:1 > s2.json
  granary deploy cron omto3d.yaml --every 1h
  granary deploy systemd omto3d.yaml -o units/`;

export function addDeploy(program: Command, context: CliContext): void {
  const deploy = program.command("deploy").description("print and pack what runs granary elsewhere");
  addDeploySchedules(deploy, context);
  deploy.command("aws")
    .description("a CloudFormation template with function, role and state machine; the function's package")
    .argument("[dataset]", "a dataset's YAML: the machine plans and runs it on time", fileToRead)
    .option(
      "--every <time>",
      "with a dataset or a feed: from run to run, such as 30m, 1h, 6h or 1d (default: 1h)",
    )
    .optionsGroup("A feed:")
    .option(
      "--feed <file>",
      "a feed's YAML instead: a container on Fargate that runs it --every so often (default: 1h)",
      fileToRead,
    )
    .option("--listen", "with --feed: one that is always there and takes pushes, too")
    .option("--image <image>", "with --feed: a container image with granary, sh, base64 and gzip")
    .optionsGroup("A server:")
    .option("--serve", "a server instead: a function with a URL of its own, and no state machine")
    .addOption(gathering(
      new Option(
        "--catalog <place>",
        "with --serve: a catalog, s3://… or NAME=s3://…; may be given again",
      ).argParser(calledStores),
    ))
    .addOption(gathering(
      new Option(
        "--store <place>",
        "with --serve: a store of cells, s3://… or NAME=s3://…; may be given again",
      ).argParser(calledStores),
    ))
    .option("--cmr", "with --serve: collections of NASA's CMR too")
    .optionsGroup("What is made:")
    .option("--print", "print the template (JSON); unasked where a dataset or a server is named")
    .option("--package <file>", "write the function's code: this binary as a zip file", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .optionsGroup("The function:")
    .addOption(
      new Option("--arch <architecture>", "processor of the function; the binary has to be for it")
        .choices(["x86_64", "arm64"] as const).default(TEMPLATE_DEFAULTS.architecture),
    )
    .option("--memory-mb <n>", "memory of the function", whole(), TEMPLATE_DEFAULTS.memoryMegabytes)
    .option("--timeout <seconds>", "its time limit", whole(), TEMPLATE_DEFAULTS.timeoutSeconds)
    .option("--storage-mb <n>", "its /tmp", whole(), TEMPLATE_DEFAULTS.storageMegabytes)
    .option("--max-parallel <n>", "tasks at the same time", whole(), TEMPLATE_DEFAULTS.maxParallel)
    .addHelpText("after", EXAMPLES)
    .action(async (dataset, options, command) => {
      if (options.serve === true && dataset !== undefined) {
        throw inputError("--serve is of no dataset (leave one of them out)");
      }
      if (options.serve !== true) {
        for (const flag of ["catalog", "store", "cmr"] as const) {
          if (options[flag] !== undefined) throw inputError(`--${flag} is of a server (say --serve)`);
        }
      }
      if (options.feed !== undefined) return await deployFeed(options.feed, { dataset, ...options }, command);
      for (const flag of ["listen", "image"] as const) {
        if (options[flag] !== undefined) throw inputError(`--${flag} is of a feed (say --feed FILE)`);
      }
      if (dataset === undefined && options.every !== undefined) {
        throw inputError("--every is of a dataset or a feed (name its YAML)");
      }
      // Of something named, its template is what is asked for, as of every other place.
      const print = options.print ||
        options.package === undefined && (dataset !== undefined || options.serve === true);
      if (!print && options.package === undefined) {
        throw inputError("say --print for the template, or --package FILE for the function's code");
      }
      const made = functionFrom(options);
      if (options.package !== undefined) {
        const { writeLambdaPackage } = await import("../../runs/lambda/lambda_package.ts");
        const { packed, unpacked } = writeLambdaPackage(
          process.execPath,
          outputFile(options.package, "zip", options.overwrite),
        );
        context.log.info(
          `${options.package}: ${formatBytes(packed)}, ${formatBytes(unpacked)} unpacked (Lambda takes ${
            formatBytes(UNPACKED_LIMIT_BYTES)
          } unpacked; above ${formatBytes(DIRECT_ZIP_LIMIT_BYTES)} packed it has to come from a bucket)`,
        );
      }
      if (print && options.serve === true) {
        const given = (name: string) => command.getOptionValueSource(name) !== "default";
        context.out.json(serveTemplateFrom(options, made, given));
      } else if (print) {
        const more = dataset === undefined ? {} : scheduledJob(dataset, options.every);
        if (dataset !== undefined) warnOfPlaces(dataset, null, context);
        context.out.json(lambdaTemplate({ ...TEMPLATE_DEFAULTS, ...made, ...more }));
      }
    });

  async function deployFeed(
    file: string,
    options: {
      dataset: string | undefined;
      every?: string;
      listen?: true;
      image?: string;
      arch: "x86_64" | "arm64";
      serve?: true;
      package?: string;
    },
    command: { getOptionValueSource: (name: string) => string | undefined },
  ): Promise<void> {
    if (options.dataset !== undefined) {
      throw inputError("a dataset's YAML and --feed are both named: deploy them one by one");
    }
    if (options.serve) throw inputError("--serve is of no feed (leave one of them out)");
    for (const flag of ["package", "memoryMb", "timeout", "storageMb", "maxParallel"]) {
      if (![undefined, "default"].includes(command.getOptionValueSource(flag))) {
        const named = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        throw inputError(`--${named} is of a Lambda function, and a feed runs on Fargate`);
      }
    }
    if (options.image === undefined) {
      throw inputError("--feed runs a container: name its image (--image IMAGE)");
    }
    const { every = FEED_EVERY, listen, image, arch } = options;
    const { fargateTemplate } = await import("../../feed/deploy/fargate.ts");
    context.out.json(
      fargateTemplate(fargateDeployment(file, { every, ...(listen && { listen }), image }, arch)),
    );
  }
}
