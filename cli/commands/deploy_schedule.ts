/** `granary deploy cron|systemd|slurm|argo|airflow DATASET.yaml`: what runs a dataset on time. */
import fs from "node:fs";
import path from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { readYamlText } from "../../core/config/read_text.ts";
import { inputError } from "../../core/errors.ts";
import { writeFileNew } from "../../core/files/new_file.ts";
import { loadDataset } from "../../publish/config/load.ts";
import { scheduleOf } from "../../publish/deploy/schedule.ts";
import {
  airflowFiles,
  argoFiles,
  cronFiles,
  type DeployedFiles,
  type Deployment,
  deploymentName,
  slurmFiles,
  systemdFiles,
} from "../../publish/deploy/texts.ts";
import { CONVERT, REGISTER } from "../../publish/run/stages.ts";
import { ownCommand } from "../../runs/own_command.ts";
import type { ScheduledJob } from "../../runs/lambda/lambda_template.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { runDirectoryOf } from "./publish_open.ts";

const EVERY = "1h";
const IMAGE = "granary:latest";

const PLACES: readonly [name: string, what: string, files: (deployment: Deployment) => DeployedFiles][] = [
  ["cron", "a line of a crontab", cronFiles],
  ["systemd", "a service and its timer", systemdFiles],
  ["slurm", "lines for scrontab", slurmFiles],
  ["argo", "a CronWorkflow of Argo, with the dataset in a ConfigMap", argoFiles],
  ["airflow", "a DAG of Airflow", airflowFiles],
];

const EXAMPLES = `
Examples:
  granary deploy cron omto3d.yaml --every 1h
  granary deploy systemd omto3d.yaml --every 6h -o units/
  granary deploy slurm omto3d.yaml --every 1d
  granary deploy argo omto3d.yaml --image registry.example.org/granary:1 | kubectl apply -f -
  granary deploy airflow omto3d.yaml > dags/omto3d.py`;

interface Flags {
  every: string;
  runDir?: string;
  output?: string;
  image?: string;
}

export function addDeploySchedules(deploy: Command, context: CliContext): void {
  for (const [name, what, files] of PLACES) {
    const command = deploy.command(name).description(`${what}, which runs a dataset on time`)
      .argument("<dataset>", "the dataset's YAML")
      .option("--every <time>", "from run to run, such as 30m, 1h, 6h or 1d", EVERY)
      .option("--run-dir <dir>", "the run directory (default: beside the YAML, by its name)")
      .option("-o, --output <folder>", "write files there instead of printing them; none is replaced");
    if (name === "argo") command.option("--image <image>", "a container image with granary in it", IMAGE);
    command.addHelpText("after", EXAMPLES)
      .action((dataset, flags) => print(files(deploymentOf(dataset, flags)), flags as Flags, context));
  }
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
    runDirectory: /^s3:/i.test(runDirectory) ? runDirectory : path.resolve(runDirectory),
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
