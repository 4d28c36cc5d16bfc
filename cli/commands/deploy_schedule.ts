/** `granary deploy cron|systemd|slurm|argo|airflow DATASET.yaml`: what runs a dataset on time. */
import fs from "node:fs";
import path from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { readYamlText } from "../../core/config/read_text.ts";
import { inputError } from "../../core/errors.ts";
import { writeFileNew } from "../../core/files/new_file.ts";
import { loadDataset } from "../../publish/config/load.ts";
import { scheduleOf } from "../../core/deploy/schedule.ts";
import { type DeployedFiles, deploymentName } from "../../core/deploy/words.ts";
import {
  airflowFiles,
  ARGO_VOLUME,
  argoFiles,
  cronFiles,
  type Deployment,
  slurmFiles,
  systemdFiles,
} from "../../publish/deploy/texts.ts";
import { localPlaces } from "../../publish/deploy/places.ts";
import { CONVERT, REGISTER } from "../../publish/run/stages.ts";
import { ownCommand } from "../../runs/own_command.ts";
import type { ScheduledJob } from "../../runs/lambda/lambda_template.ts";
import {
  feedCronFiles,
  type FeedDeployment,
  feedKubernetesFiles,
  feedSlurmFiles,
  feedSystemdFiles,
} from "../../feed/deploy/texts.ts";
import { feedDeployment } from "./deploy_feed.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { runDirectoryOf } from "./publish_open.ts";
import { fileToRead, fileToWrite, storeToWrite } from "../flags/places.ts";
import { isObjectAddress } from "../../core/files/address.ts";

const EVERY = "1h";
const IMAGE = "granary:latest";

/** What makes the files of a dataset, and what those of a feed, where a place takes both or one. */
interface Place {
  name: string;
  what: string;
  dataset?: (deployment: Deployment) => DeployedFiles;
  feed?: (deployment: FeedDeployment) => DeployedFiles;
}

const PLACES: readonly Place[] = [
  { name: "cron", what: "a line of a crontab", dataset: cronFiles, feed: feedCronFiles },
  { name: "systemd", what: "a service and its timer", dataset: systemdFiles, feed: feedSystemdFiles },
  { name: "slurm", what: "lines for scrontab", dataset: slurmFiles, feed: feedSlurmFiles },
  { name: "kubernetes", what: "a CronJob or a Deployment, with its ConfigMap", feed: feedKubernetesFiles },
  { name: "argo", what: "a CronWorkflow of Argo, with the dataset in a ConfigMap", dataset: argoFiles },
  { name: "airflow", what: "a DAG of Airflow", dataset: airflowFiles },
];
/** Places that can keep a process running, which takes pushes. */
const LISTENING: ReadonlySet<string> = new Set(["systemd", "kubernetes"]);

const EXAMPLES = `
Examples:
  granary deploy cron omto3d.yaml --every 1h
  granary deploy systemd omto3d.yaml --every 6h -o units/
  granary deploy slurm omto3d.yaml --every 1d
  granary deploy argo omto3d.yaml --image registry.example.org/granary:1 | kubectl apply -f -
  granary deploy airflow omto3d.yaml > dags/omto3d.py
  granary deploy systemd --feed s2.yaml --every 5m -o units/
  granary deploy kubernetes --feed s2.yaml --listen --every 5m | kubectl apply -f -`;

interface Flags {
  every: string;
  runDir?: string;
  output?: string;
  image?: string;
  feed?: string;
  listen?: boolean;
}

export function addDeploySchedules(deploy: Command, context: CliContext): void {
  for (const { name, what, dataset: datasetFiles, feed: feedFiles } of PLACES) {
    const runs = [datasetFiles && "a dataset", feedFiles && "a feed"].filter(Boolean).join(" or ");
    const command = deploy.command(name).description(`${what}, which runs ${runs} on time`)
      .option("--every <time>", "from run to run, such as 30m, 1h, 6h or 1d", EVERY)
      .option(
        "-o, --output <folder>",
        "write files there instead of printing them; none is replaced",
        fileToWrite,
      );
    if (datasetFiles !== undefined) {
      command.argument(feedFiles === undefined ? "<dataset>" : "[dataset]", "the dataset's YAML", fileToRead);
      command.option(
        "--run-dir <dir>",
        "of a dataset: the run directory (default: beside the YAML, by its name)",
        storeToWrite,
      );
    }
    if (feedFiles !== undefined) {
      command.option("--feed <file>", "a feed's YAML, instead of a dataset's", fileToRead);
    }
    if (LISTENING.has(name)) {
      command.option("--listen", "of a feed: a process that is always there and takes pushes, too");
    }
    if (name === "argo" || name === "kubernetes") {
      command.option("--image <image>", "a container image with granary in it", IMAGE);
    }
    command.addHelpText("after", EXAMPLES).action((...given: unknown[]) => {
      // Arguments come first, then the options, then the command itself.
      const flags = given.at(-2) as Flags;
      const dataset = given.length > 2 ? given[0] as string | undefined : undefined;
      print(filesOf({ dataset, feed: flags.feed }, flags, { datasetFiles, feedFiles }), flags, context);
      if (name === "argo" && dataset !== undefined) warnOfPlaces(dataset, ARGO_VOLUME, context);
    });
  }
}

function filesOf(
  { dataset, feed }: { dataset: string | undefined; feed: string | undefined },
  flags: Flags,
  { datasetFiles, feedFiles }: { datasetFiles: Place["dataset"]; feedFiles: Place["feed"] },
): DeployedFiles {
  if (feed !== undefined && feedFiles !== undefined) {
    if (dataset !== undefined) {
      throw inputError("a dataset's YAML and --feed are both named: deploy them one by one");
    }
    if (flags.runDir !== undefined) throw inputError("--run-dir is of a dataset, and --feed names a feed");
    return feedFiles(feedDeployment(feed, flags));
  }
  if (flags.listen) throw inputError("--listen is of a feed (--feed FILE)");
  if (dataset === undefined || datasetFiles === undefined) {
    throw inputError(
      datasetFiles === undefined
        ? "name a feed's YAML (--feed FILE)"
        : "name a dataset's YAML, or --feed FILE",
    );
  }
  return datasetFiles(deploymentOf(dataset, flags));
}

function deploymentOf(file: string, flags: Flags): Deployment {
  if (file === "-") throw inputError("a dataset that is run on time has a file (found stdin)");
  const dataset = loadDataset(file);
  if (!fs.existsSync(file)) {
    throw inputError(
      `${file}: comes with granary: write it to a file first (granary publish dataset ${file} > ${file}.yaml)`,
    );
  }
  const runDirectory = runDirectoryOf(file, flags);
  return {
    name: deploymentName(dataset.name),
    command: ownCommand(),
    dataset: path.resolve(file),
    text: readYamlText(file),
    runDirectory: isObjectAddress(runDirectory) ? runDirectory : path.resolve(runDirectory),
    runDirectoryIsStated: flags.runDir !== undefined,
    schedule: scheduleOf(flags.every, dataset.name),
    secrets: secretsOf(file),
    image: flags.image ?? IMAGE,
  };
}

function secretsOf(file: string): string[] {
  return [
    ...new Set(loadDataset(file).targets.map(({ secret }) => secret).filter((secret) => secret !== null)),
  ];
}

/** Says which places of the dataset are not there where it will run; `mounted` is a folder that is. */
export function warnOfPlaces(file: string, mounted: string | null, context: CliContext): void {
  const places = localPlaces(loadDataset(file), mounted);
  if (places.length === 0) return;
  const wanted = mounted === null ? "s3:// or https://" : `s3://, https:// or a path below ${mounted}`;
  context.log.warn(
    `${file}: ${places.join(", ")}: is on this machine alone, and not where it will run (wanted ${wanted})`,
  );
}

/** What the template of AWS has to know of a dataset. */
export function scheduledJob(
  file: string,
  every: string | undefined,
): { stages: readonly string[]; scheduled: ScheduledJob } {
  const dataset = loadDataset(file);
  return {
    stages: [CONVERT, REGISTER],
    scheduled: {
      kind: "publish",
      name: deploymentName(dataset.name),
      rate: scheduleOf(every ?? EVERY, dataset.name).rate,
      secrets: secretsOf(file),
    },
  };
}

function print(files: DeployedFiles, { output }: Flags, context: CliContext): void {
  const all = Object.entries(files);
  if (output !== undefined) {
    fs.mkdirSync(output, { recursive: true });
    for (const [name, text] of all) writeFileNew(path.join(output, name), text);
    for (const [name] of all) context.log.info(`${path.join(output, name)}`);
    return;
  }
  if (context.json) {
    printReport(context, "deploy.schedule", { files: all.map(([name, text]) => ({ name, text })) });
    return;
  }
  for (const [name, text] of all) {
    context.out.write(all.length === 1 ? text : `# ${name}\n${text}\n`);
  }
}
