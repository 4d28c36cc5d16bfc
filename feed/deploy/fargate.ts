/**
 * The CloudFormation template of a feed on AWS: a container on Fargate, on time or always there, whose ledger is a
 * PostgreSQL or a file of SQLite on EFS, its roles and its log group. Pure.
 */
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { inputError } from "../../core/errors.ts";
import { policy, trust } from "../../runs/lambda/template_resources.ts";
import { always, type FeedDeployment, round } from "./texts.ts";

export interface FargateDeployment {
  feed: FeedDeployment;
  architecture: "x86_64" | "arm64";
  /** Buckets that it writes to: of the catalog and of downloads. */
  written: readonly string[];
  /** Buckets that it reads: of a followed prefix. */
  read: readonly string[];
  /** Whether places of its own lie in the folder: a ledger of SQLite, a catalog, downloads. */
  keepsFiles: boolean;
}

/** Files are kept on EFS; without it the YAML alone lies in the container. */
const folderOf = ({ keepsFiles }: FargateDeployment) => keepsFiles ? "/feed" : "/tmp/feed";
const CPU_UNITS = "512";
const MEMORY_MEGABYTES = "2048";
/** A task definition holds 64 KiB. */
const MOST_DEFINITION_BYTES = 48 * 1024;
/** Fargate ends a task that does not end by itself after so long. */
const STOP_SECONDS = 60;

const sub = (text: string) => ({ "Fn::Sub": text });
const arnOf = (resource: string) => ({ "Fn::GetAtt": [resource, "Arn"] });

/** The template, to be written as JSON. */
export function fargateTemplate(deployment: FargateDeployment): Record<string, unknown> {
  const { feed, keepsFiles } = deployment;
  const secrets = feed.secrets.map((secret) => ({ secret, parameter: parameterOf(secret) }));
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: `granary: the feed ${feed.name} on Fargate${
      feed.listen ? ", always there, with a push endpoint" : ", on time"
    }`,
    Parameters: {
      Subnets: { Type: "List<AWS::EC2::Subnet::Id>", Description: "where the task runs" },
      SecurityGroups: {
        Type: "List<AWS::EC2::SecurityGroup::Id>",
        Description: "of the task: out to the service that it follows" +
          (feed.shared ? " and to the database" : "") + (keepsFiles ? " and to the file system" : ""),
      },
      AssignPublicIp: {
        Type: "String",
        Default: "DISABLED",
        AllowedValues: ["DISABLED", "ENABLED"],
        Description: "ENABLED in subnets whose way out is an internet gateway, not a NAT",
      },
      Image: {
        Type: "String",
        Default: feed.image,
        Description: "a container image with granary, sh, base64 and gzip",
      },
      ...(keepsFiles
        ? {
          FileSystem: {
            Type: "String",
            AllowedPattern: "fs-[0-9a-f]+",
            Description: "an EFS file system with a mount target in each subnet: the feed's folder",
          },
        }
        : {}),
      ...(feed.listen
        ? {
          TargetGroup: {
            Type: "String",
            Default: "",
            Description:
              "the ARN of a load balancer's target group (type ip, HTTP) whose listener ends TLS; empty for none",
          },
        }
        : {}),
      ...Object.fromEntries(
        secrets.map(({ secret, parameter }) => [parameter, {
          Type: "String",
          AllowedPattern: "arn:aws[a-z-]*:secretsmanager:.*",
          Description: `the ARN of a secret in Secrets Manager that holds ${secret}`,
        }]),
      ),
    },
    ...(feed.listen
      ? { Conditions: { HasTargetGroup: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "TargetGroup" }, ""] }] } } }
      : {}),
    Resources: {
      LogGroup: {
        Type: "AWS::Logs::LogGroup",
        DeletionPolicy: "Delete",
        UpdateReplacePolicy: "Delete",
        Properties: { LogGroupName: sub("/granary/${AWS::StackName}"), RetentionInDays: 30 },
      },
      Cluster: { Type: "AWS::ECS::Cluster" },
      ...roles(deployment, secrets),
      Task: taskDefinition(deployment, secrets),
      ...(feed.listen ? service(feed) : schedule(feed)),
    },
  };
}

interface Secret {
  secret: string;
  parameter: string;
}

/** `CDSE_PASSWORD` as a parameter's name: CdsePasswordArn. */
function parameterOf(secret: string): string {
  const words = secret.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== "");
  return `${words.map((word) => word[0].toUpperCase() + word.slice(1)).join("")}Arn`;
}

function roles(
  { written, read, keepsFiles }: FargateDeployment,
  secrets: readonly Secret[],
): Record<string, unknown> {
  const arns = (buckets: readonly string[]) =>
    buckets.flatMap((bucket) =>
      [`arn:\${AWS::Partition}:s3:::${bucket}`, `arn:\${AWS::Partition}:s3:::${bucket}/*`].map(sub)
    );
  const data = [
    ...(written.length === 0 ? [] : [{
      Effect: "Allow",
      Action: [
        ...["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
        ...["s3:AbortMultipartUpload"],
      ],
      Resource: arns(written),
    }]),
    ...(read.length === 0
      ? []
      : [{ Effect: "Allow", Action: ["s3:GetObject", "s3:ListBucket"], Resource: arns(read) }]),
    ...(keepsFiles
      ? [{
        Effect: "Allow",
        Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        Resource: sub(
          "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${FileSystem}",
        ),
      }]
      : []),
  ];
  return {
    TaskRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: trust("ecs-tasks.amazonaws.com"),
        ...(data.length === 0 ? {} : { Policies: [policy("data", data)] }),
      },
    },
    ExecutionRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: trust("ecs-tasks.amazonaws.com"),
        ManagedPolicyArns: [
          sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"),
        ],
        ...(secrets.length === 0 ? {} : {
          Policies: [policy("secrets", [{
            Effect: "Allow",
            Action: ["secretsmanager:GetSecretValue"],
            Resource: secrets.map(({ parameter }) => ({ Ref: parameter })),
          }])],
        }),
      },
    },
  };
}

function taskDefinition(
  deployment: FargateDeployment,
  secrets: readonly Secret[],
): Record<string, unknown> {
  const { feed, architecture, keepsFiles } = deployment;
  const folder = folderOf(deployment);
  const yaml = `${folder}/${feed.main}`;
  const words = ["granary", ...(feed.listen ? always(feed, yaml) : round(feed, yaml))];
  const files = Object.entries(feed.files).map(([file, text], index) => ({
    variable: `GRANARY_FEED_FILE_${index}`,
    place: `${folder}/${file}`,
    packed: zlib.gzipSync(Buffer.from(text)).toString("base64"),
  }));
  const size = files.reduce((sum, { packed }) => sum + packed.length, 0);
  if (size > MOST_DEFINITION_BYTES) {
    throw inputError(
      `${feed.main}: with its files ${size} bytes, packed (a task definition has room for ${MOST_DEFINITION_BYTES}); ` +
        "shorten the list of tiles, or name a box",
    );
  }
  const unpack = files.flatMap(({ variable, place }) => [
    `mkdir -p ${word(place.slice(0, place.lastIndexOf("/")))}`,
    `printf %s "$${variable}" | base64 -d | gzip -d > ${word(place)}`,
  ]);
  return {
    Type: "AWS::ECS::TaskDefinition",
    Properties: {
      RequiresCompatibilities: ["FARGATE"],
      NetworkMode: "awsvpc",
      Cpu: CPU_UNITS,
      Memory: MEMORY_MEGABYTES,
      RuntimePlatform: {
        CpuArchitecture: architecture === "arm64" ? "ARM64" : "X86_64",
        OperatingSystemFamily: "LINUX",
      },
      TaskRoleArn: arnOf("TaskRole"),
      ExecutionRoleArn: arnOf("ExecutionRole"),
      ...(keepsFiles
        ? {
          Volumes: [{
            Name: "feed",
            EFSVolumeConfiguration: {
              FilesystemId: { Ref: "FileSystem" },
              TransitEncryption: "ENABLED",
              AuthorizationConfig: { IAM: "ENABLED" },
            },
          }],
        }
        : {}),
      ContainerDefinitions: [{
        Name: "feed",
        Image: { Ref: "Image" },
        Essential: true,
        EntryPoint: ["sh", "-c"],
        Command: [["set -e", ...unpack, `exec ${words.map(word).join(" ")}`].join("; ")],
        StopTimeout: STOP_SECONDS,
        Environment: files.map(({ variable, packed }) => ({ Name: variable, Value: packed })),
        Secrets: secrets.map(({ secret, parameter }) => ({ Name: secret, ValueFrom: { Ref: parameter } })),
        ...(keepsFiles
          ? { MountPoints: [{ SourceVolume: "feed", ContainerPath: folder, ReadOnly: false }] }
          : {}),
        ...(feed.listen ? { PortMappings: [{ ContainerPort: feed.port, Protocol: "tcp" }] } : {}),
        LogConfiguration: {
          LogDriver: "awslogs",
          Options: {
            "awslogs-group": { Ref: "LogGroup" },
            "awslogs-region": { Ref: "AWS::Region" },
            "awslogs-stream-prefix": "feed",
          },
        },
      }],
    },
  };
}

/** A word of a shell's line. */
const word = (text: string) => /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const network = {
  AwsvpcConfiguration: {
    Subnets: { Ref: "Subnets" },
    SecurityGroups: { Ref: "SecurityGroups" },
    AssignPublicIp: { Ref: "AssignPublicIp" },
  },
};

/** One task that is always there. */
function service(feed: FeedDeployment): Record<string, unknown> {
  return {
    Service: {
      Type: "AWS::ECS::Service",
      Properties: {
        Cluster: { Ref: "Cluster" },
        TaskDefinition: { Ref: "Task" },
        LaunchType: "FARGATE",
        DesiredCount: 1,
        // A ledger of SQLite is one process's: the old one goes before the new one comes.
        DeploymentConfiguration: feed.shared
          ? { MinimumHealthyPercent: 100, MaximumPercent: 200 }
          : { MinimumHealthyPercent: 0, MaximumPercent: 100 },
        NetworkConfiguration: network,
        LoadBalancers: {
          "Fn::If": [
            "HasTargetGroup",
            [{ ContainerName: "feed", ContainerPort: feed.port, TargetGroupArn: { Ref: "TargetGroup" } }],
            { Ref: "AWS::NoValue" },
          ],
        },
      },
    },
  };
}

/** A task on time; its deadline lies before the next one. */
function schedule(feed: FeedDeployment): Record<string, unknown> {
  return {
    ScheduleRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: trust("scheduler.amazonaws.com"),
        Policies: [policy("run", [
          { Effect: "Allow", Action: ["ecs:RunTask"], Resource: { Ref: "Task" } },
          {
            Effect: "Allow",
            Action: ["iam:PassRole"],
            Resource: [arnOf("TaskRole"), arnOf("ExecutionRole")],
          },
        ])],
      },
    },
    Schedule: {
      Type: "AWS::Scheduler::Schedule",
      Properties: {
        ScheduleExpression: feed.schedule.rate,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: arnOf("Cluster"),
          RoleArn: arnOf("ScheduleRole"),
          EcsParameters: {
            TaskDefinitionArn: { Ref: "Task" },
            LaunchType: "FARGATE",
            NetworkConfiguration: network,
          },
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      },
    },
  };
}
