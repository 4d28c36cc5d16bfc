/** What runs a dataset on time: files for cron, systemd, Slurm, Argo and Airflow. Pure functions of text. */
import { stringify } from "yaml";
import { inputError } from "../../core/errors.ts";
import { isObjectAddress } from "../../core/files/address.ts";
import type { Schedule } from "../../core/deploy/schedule.ts";
import {
  crontabLine,
  type DeployedFiles,
  shellWord,
  systemdText,
  systemdWord,
} from "../../core/deploy/words.ts";

export interface Deployment {
  /** The dataset's name as a part of names: letters, digits and dashes. */
  readonly name: string;
  /** The words that start granary. */
  readonly command: readonly string[];
  /** The YAML's absolute path. */
  readonly dataset: string;
  /** The YAML's text, for those that carry it along. */
  readonly text: string;
  readonly runDirectory: string;
  /** Whether the run directory is another than the one beside the YAML. */
  readonly runDirectoryIsStated: boolean;
  readonly schedule: Schedule;
  /** Environment variables that hold the targets' secrets. */
  readonly secrets: readonly string[];
  /** The image of a container with granary in it. */
  readonly image: string;
}

/** The words that do one run. */
function runWords({ command, dataset, runDirectory, runDirectoryIsStated }: Deployment): string[] {
  const more = runDirectoryIsStated ? ["--run-dir", runDirectory] : [];
  return [...command, "publish", "run", dataset, ...more];
}

export function cronFiles(deployment: Deployment): DeployedFiles {
  const { name, dataset, schedule, secrets } = deployment;
  const line = crontabLine([...runWords(deployment), "--quiet"]);
  return {
    [`${name}.cron`]:
      `# granary: ${dataset}, a line for crontab -e. A run that meets a living one ends at once.\n` +
      secrets.map((secret) => `# ${secret}=… is to be set above, or in the file that cron reads\n`).join("") +
      `${schedule.cron} ${line}\n`,
  };
}

export function systemdFiles(deployment: Deployment): DeployedFiles {
  const { name, dataset, schedule, secrets } = deployment;
  const start = runWords(deployment).map(systemdWord).join(" ");
  return {
    [`granary-${name}.service`]: `[Unit]
Description=granary publishes ${systemdText(dataset)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${start}
# 3: some granules failed, and the others are published
SuccessExitStatus=3
Nice=10
${
      secrets.length === 0
        ? ""
        : `# ${secrets.map((secret) => `${secret}=…`).join(", ")}\nEnvironmentFile=/etc/granary/${name}.env\n`
    }`,
    [`granary-${name}.timer`]: `[Unit]
Description=granary publishes ${systemdText(dataset)} on time

[Timer]
OnCalendar=${schedule.calendar}
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target
`,
  };
}

export function slurmFiles(deployment: Deployment): DeployedFiles {
  const { name, dataset, schedule } = deployment;
  const line = [...runWords(deployment), "--backend", "slurm", "--wait"].map(shellWord).join(" ");
  return {
    [`${name}.scron`]:
      `# granary: ${dataset}, for scrontab -e. The job plans, submits an array of tasks, and follows it.
#SCRON --job-name=granary-${name}
#SCRON --time=12:00:00
#SCRON --cpus-per-task=1
#SCRON --mem=2G
${schedule.cron} ${line}
`,
  };
}

/** Where Argo's pods have the volume that they share. */
export const ARGO_VOLUME = "/work";

/**
 * A CronWorkflow: plan, a pod a granule, a pod a target, the end. Tasks are read from a shared volume; throws for a
 * run directory that is stated to lie elsewhere.
 */
export function argoFiles(deployment: Deployment): DeployedFiles {
  const { name, text, schedule, secrets, image } = deployment;
  const runDirectory = deployment.runDirectoryIsStated
    ? deployment.runDirectory
    : `${ARGO_VOLUME}/dataset.run`;
  if (!runDirectory.startsWith(`${ARGO_VOLUME}/`)) {
    throw inputError(
      `--run-dir ${runDirectory}: Argo reads the tasks of a run from the pods' volume (wanted a path below ${ARGO_VOLUME})`,
    );
  }
  const env = secrets.map((secret) => ({
    name: secret,
    valueFrom: { secretKeyRef: { name: `granary-${name}`, key: secret } },
  }));
  const container = (args: readonly string[]) => ({
    image,
    command: ["granary"],
    args,
    ...(env.length === 0 ? {} : { env }),
    volumeMounts: [{ name: "work", mountPath: ARGO_VOLUME }, { name: "dataset", mountPath: "/dataset" }],
  });
  const work = (stage: string) => ({
    name: stage,
    inputs: { parameters: [{ name: "task" }] },
    retryStrategy: { limit: "3", retryPolicy: "OnError" },
    container: container([
      "run",
      "work",
      runDirectory,
      "--stage",
      stage,
      "--task",
      "{{inputs.parameters.task}}",
    ]),
  });
  const fan = (stage: string) => [{
    name: stage,
    template: stage,
    withParam: `{{steps.plan.outputs.parameters.${stage}}}`,
    arguments: { parameters: [{ name: "task", value: "{{item.task}}" }] },
    // Granules that failed are in the report; the others are to be registered.
    continueOn: { failed: true },
  }];
  const workflow = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "CronWorkflow",
    metadata: { name: `granary-${name}` },
    spec: {
      // A list since Argo 3.6; later versions take nothing else.
      schedules: [schedule.cron],
      timezone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      workflowSpec: {
        entrypoint: "publish",
        parallelism: 20,
        volumes: [
          { name: "work", persistentVolumeClaim: { claimName: `granary-${name}` } },
          { name: "dataset", configMap: { name: `granary-${name}` } },
        ],
        templates: [
          {
            name: "publish",
            steps: [
              [{ name: "plan", template: "plan" }],
              fan("convert"),
              fan("register"),
              [{ name: "finish", template: "finish" }],
            ],
          },
          {
            name: "plan",
            container: container(["publish", "plan", "/dataset/dataset.yaml", "--run-dir", runDirectory]),
            outputs: {
              parameters: ["convert", "register"].map((stage) => ({
                name: stage,
                valueFrom: { path: `${runDirectory}/tasks/${stage}.json` },
              })),
            },
          },
          work("convert"),
          work("register"),
          { name: "finish", container: container(["run", "finish", runDirectory]) },
        ],
      },
    },
  };
  const map = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `granary-${name}` },
    data: { "dataset.yaml": text },
  };
  return { [`${name}.argo.yaml`]: `${stringify(map)}---\n${stringify(workflow, { lineWidth: 0 })}` };
}

/** A DAG: plan, a mapped task a granule, a mapped task a target, the end. Throws for a run directory that is no folder. */
export function airflowFiles({ name, command, dataset, runDirectory, schedule }: Deployment): DeployedFiles {
  if (isObjectAddress(runDirectory)) {
    throw inputError(
      `--run-dir ${runDirectory}: a DAG reads the tasks of a run from a folder (wanted a path that Airflow's workers share)`,
    );
  }
  const python = (value: string) => JSON.stringify(value);
  const granary = command.map(shellWord).join(" ");
  return {
    [`granary_${name.replaceAll("-", "_")}.py`]: `"""granary publishes ${dataset.replace(/["\\]/g, "")}."""
import json
import shlex
from datetime import datetime, timedelta
from pathlib import Path

try:
    from airflow.sdk import dag, task
except ImportError:  # before Airflow 3
    from airflow.decorators import dag, task
try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

GRANARY = ${python(granary)}
DATASET = ${python(dataset)}
RUN = ${python(runDirectory)}


@dag(
    dag_id=${python(`granary-${name}`)},
    schedule=${python(schedule.cron)},
    start_date=datetime(2024, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
)
def granary_${name.replaceAll("-", "_")}():
    plan = BashOperator(
        task_id="plan",
        bash_command=f"{GRANARY} publish plan {shlex.quote(DATASET)} --run-dir {shlex.quote(RUN)}",
    )

    # Nothing to convert is no reason to tell nobody: skipped tasks are fine, failed ones are not.
    @task(trigger_rule="none_failed")
    def tasks_of(stage: str) -> list[str]:
        tasks = json.loads(Path(RUN, "tasks", f"{stage}.json").read_text())
        return [
            # 3: a granule failed; the report says which
            f"{GRANARY} run work {shlex.quote(RUN)} --stage {stage} --task {one['task']} || [ $? -eq 3 ]"
            for one in tasks
        ]

    converts = tasks_of.override(task_id="convert_tasks")("convert")
    registers = tasks_of.override(task_id="register_tasks")("register")
    convert = BashOperator.partial(task_id="convert").expand(bash_command=converts)
    register = BashOperator.partial(task_id="register", trigger_rule="none_failed").expand(bash_command=registers)
    finish = BashOperator(
        task_id="finish",
        trigger_rule="none_failed",
        bash_command=f"{GRANARY} run finish {shlex.quote(RUN)}",
    )
    plan >> converts
    convert >> registers
    register >> finish


granary_${name.replaceAll("-", "_")}()
`,
  };
}
