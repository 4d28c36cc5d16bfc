/** What runs a feed: files for cron, systemd, Kubernetes and Slurm. Pure functions of text. */
import { stringify } from "yaml";
import type { Schedule } from "../../core/deploy/schedule.ts";
import {
  crontabLine,
  type DeployedFiles,
  shellWord,
  systemdText,
  systemdWord,
} from "../../core/deploy/words.ts";

export interface FeedDeployment {
  /** The feed's name as a part of names: letters, digits and dashes. */
  readonly name: string;
  /** The words that start granary. */
  readonly command: readonly string[];
  /** The YAML's absolute path. */
  readonly file: string;
  /** Files that go along into a container, by their paths below the YAML's folder; the YAML itself is `main`. */
  readonly files: Readonly<Record<string, string>>;
  readonly main: string;
  readonly schedule: Schedule;
  /** A process that is always there and takes pushes; else one on time. */
  readonly listen: boolean;
  readonly download: boolean;
  /** The port of pushes. */
  readonly port: number;
  /** Environment variables that hold secrets. */
  readonly secrets: readonly string[];
  /** Whether several processes on several machines may work on the ledger. */
  readonly shared: boolean;
  /** The image of a container with granary in it. */
  readonly image: string;
}

/** The command of one round: it ends before the next is due. */
export function round({ file, schedule, download }: FeedDeployment, yaml = file): string[] {
  const deadline = `${Math.floor(schedule.seconds * 0.8)}s`;
  return ["feed", "run", yaml, "--deadline", deadline, ...(download ? ["--download"] : [])];
}

/** The command that does all of a feed until it is stopped. */
export function always({ file, schedule, download }: FeedDeployment, yaml = file): string[] {
  return [
    ...["feed", "run", yaml, "--every", `${schedule.seconds}s`, "--listen"],
    ...(download ? ["--download"] : []),
  ];
}

export function feedCronFiles(feed: FeedDeployment): DeployedFiles {
  const { name, command, file, schedule, secrets } = feed;
  const line = crontabLine([...command, ...round(feed), "--quiet"]);
  return {
    [`${name}.cron`]:
      `# granary: feed ${file}, a line for crontab -e. Two rounds at once register nothing twice.\n` +
      secrets.map((secret) => `# ${secret}=… is to be set above, or in the file that cron reads\n`).join("") +
      `${schedule.cron} ${line}\n`,
  };
}

export function feedSystemdFiles(feed: FeedDeployment): DeployedFiles {
  const { name, command, file, schedule, secrets, listen } = feed;
  const start = (words: readonly string[]) =>
    `ExecStart=${[...command, ...words].map(systemdWord).join(" ")}\n`;
  const unit = `[Unit]
Description=granary follows ${systemdText(file)}
Wants=network-online.target
After=network-online.target
`;
  const environment = secrets.length === 0
    ? ""
    : `# ${secrets.map((secret) => `${secret}=…`).join(", ")}\nEnvironmentFile=/etc/granary/${name}.env\n`;
  if (listen) {
    return {
      [`granary-feed-${name}.service`]: `${unit}
[Service]
Type=exec
${start(always(feed))}Restart=always
RestartSec=30
# A page is committed, a file stays in its part, and the process ends.
TimeoutStopSec=60
${environment}
[Install]
WantedBy=multi-user.target
`,
    };
  }
  return {
    [`granary-feed-${name}.service`]: `${unit}
[Service]
Type=oneshot
${start(round(feed))}# 3: days that are short, or downloads that failed; the rest is done
SuccessExitStatus=3
TimeoutStartSec=${schedule.seconds}
Nice=10
${environment}`,
    [`granary-feed-${name}.timer`]: `[Unit]
Description=granary follows ${systemdText(file)} on time

[Timer]
OnCalendar=${schedule.calendar}
RandomizedDelaySec=${Math.min(60, Math.floor(schedule.seconds / 10))}
Persistent=true

[Install]
WantedBy=timers.target
`,
  };
}

/** A job of its own for each round, which the scheduler holds back while the last one runs. */
export function feedSlurmFiles(feed: FeedDeployment): DeployedFiles {
  const { name, command, file, schedule } = feed;
  const line = [...command, ...round(feed)].map(shellWord).join(" ");
  const minutes = Math.ceil(schedule.seconds / 60);
  const limit = [Math.floor(minutes / 60), minutes % 60, 0].map((part) => String(part).padStart(2, "0")).join(
    ":",
  );
  return {
    [`${name}.scron`]: `# granary: feed ${file}, for scrontab -e. One round at a time: Slurm starts no second.
#SCRON --job-name=granary-feed-${name}
#SCRON --time=${limit}
#SCRON --cpus-per-task=1
#SCRON --mem=2G
${schedule.cron} ${line}
`,
  };
}

const FOLDER = "/feed";

/**
 * A ConfigMap with the feed's files, and what runs it on a volume: a CronJob, or a Deployment behind a Service.
 * Files of the map lie in the volume's folder, for the YAML's places are relative to its own.
 */
export function feedKubernetesFiles(feed: FeedDeployment): DeployedFiles {
  const { name, files, main, schedule, secrets, image, listen, port, shared } = feed;
  const full = `granary-feed-${name}`;
  const labels = { "app.kubernetes.io/name": "granary", "app.kubernetes.io/instance": full };
  // A key of a map has no slashes.
  const keys = Object.keys(files).map((file, index) => ({ file, key: `file-${index}` }));
  const yaml = `${FOLDER}/${main}`;
  const container = (args: readonly string[]) => ({
    name: "feed",
    image,
    command: ["granary"],
    args,
    ...(secrets.length === 0 ? {} : {
      env: secrets.map((secret) => ({
        name: secret,
        valueFrom: { secretKeyRef: { name: full, key: secret } },
      })),
    }),
    resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "2Gi" } },
    volumeMounts: [
      { name: "feed", mountPath: FOLDER },
      ...keys.map(({ file, key }) => ({
        name: "definition",
        mountPath: `${FOLDER}/${file}`,
        subPath: key,
        readOnly: true,
      })),
    ],
  });
  const pod = (containers: readonly unknown[], rest: Record<string, unknown>) => ({
    metadata: { labels },
    spec: {
      ...rest,
      volumes: [
        { name: "feed", persistentVolumeClaim: { claimName: full } },
        { name: "definition", configMap: { name: full } },
      ],
      containers,
    },
  });
  const documents: unknown[] = [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: full, labels },
      data: Object.fromEntries(keys.map(({ file, key }) => [key, files[file]])),
    },
  ];
  if (listen) {
    const one = container(always(feed, yaml));
    documents.push({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: full, labels },
      spec: {
        replicas: 1,
        // A ledger of SQLite is one process's: the old one goes before the new one comes.
        strategy: shared ? { type: "RollingUpdate" } : { type: "Recreate" },
        selector: { matchLabels: labels },
        template: pod([{ ...one, ports: [{ name: "push", containerPort: port }] }], {
          terminationGracePeriodSeconds: 60,
        }),
      },
    }, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: full, labels },
      spec: { selector: labels, ports: [{ name: "push", port: 80, targetPort: "push" }] },
    });
  } else {
    const template = pod([container(round(feed, yaml))], { restartPolicy: "Never" });
    documents.push({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: full, labels },
      spec: {
        schedule: schedule.cron,
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: schedule.seconds,
        jobTemplate: {
          spec: { activeDeadlineSeconds: schedule.seconds, backoffLimit: 0, template },
        },
      },
    });
  }
  const remarks = [
    `# granary: feed ${main}. Wanted beside it: a PersistentVolumeClaim ${full}` +
    (secrets.length === 0 ? "" : `,\n# and a Secret ${full} with ${secrets.join(", ")}`),
  ];
  return {
    [`${name}.kubernetes.yaml`]: `${remarks.join("\n")}\n${
      documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n")
    }`,
  };
}
