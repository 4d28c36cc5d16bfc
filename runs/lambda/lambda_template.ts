/**
 * The CloudFormation template of granary on AWS: a function whose code is the binary, its role, its log
 * group, and a state machine that maps it over a plan's tasks (AWS Step Functions, distributed map). Pure.
 */
import {
  attribute,
  FUNCTION_CONDITIONS,
  functionParameters,
  functionResource,
  functionRole,
  type FunctionSize,
  policy,
  sub,
  trust,
} from "./template_resources.ts";

/** Lambda's limits for a function from a zip file: unpacked, and sent without a bucket. */
export const UNPACKED_LIMIT_BYTES = 250 * 1024 * 1024;
export const DIRECT_ZIP_LIMIT_BYTES = 50 * 1024 * 1024;

/** Spill files are made in /tmp. */
interface TemplateOptions extends FunctionSize {
  maxParallel: number;
  /** Stages of the job that the state machine does. */
  stages: readonly string[];
  /** A dataset that is planned again and run on time. */
  scheduled?: ScheduledJob;
}

export interface ScheduledJob {
  /** As a run's settings name it. */
  kind: string;
  /** A part of names. */
  name: string;
  /** `rate(1 hour)`. */
  rate: string;
  /** Variables that hold secrets of the job's targets. */
  secrets: readonly string[];
}

export const TEMPLATE_DEFAULTS: TemplateOptions = {
  architecture: "x86_64",
  memoryMegabytes: 3072,
  timeoutSeconds: 900,
  storageMegabytes: 4096,
  maxParallel: 50,
  stages: ["scatter", "reduce"],
};

/** The template, to be written as JSON. */
export function lambdaTemplate(options: TemplateOptions): Record<string, unknown> {
  const { scheduled } = options;
  const secrets = scheduled?.secrets ?? [];
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: "granary: a Lambda function that does the tasks of a run, and a state machine that does all",
    Parameters: {
      ...functionParameters("granary"),
      DataBucket: { Type: "String", Description: "the bucket of stores and run directories" },
      MaxParallel: { Type: "Number", Default: options.maxParallel, MinValue: 1 },
      ...scheduled === undefined ? {} : {
        DatasetKey: {
          Type: "String",
          Default: `datasets/${scheduled.name}.yaml`,
          Description: "the dataset's YAML in the data bucket",
        },
        RunPrefix: {
          Type: "String",
          Default: `runs/${scheduled.name}`,
          Description: "the run directory in the data bucket",
        },
      },
      ...Object.fromEntries(
        secrets.map((name) => [secretParameter(name), {
          Type: "String",
          NoEcho: true,
          Description: `the value of ${name}`,
        }]),
      ),
    },
    Conditions: FUNCTION_CONDITIONS,
    Resources: {
      ...functionRole([
        policy("data", [
          {
            Effect: "Allow",
            Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            Resource: sub("arn:${AWS::Partition}:s3:::${DataBucket}/*"),
          },
          {
            Effect: "Allow",
            Action: "s3:ListBucket",
            Resource: sub("arn:${AWS::Partition}:s3:::${DataBucket}"),
          },
        ]),
      ], [{
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: sub("arn:${AWS::Partition}:s3:::${GranuleBucket}/*"),
      }]),
      Function: functionResource(
        "granary: one task of a run an invocation",
        options,
        Object.fromEntries(secrets.map((name) => [name, { Ref: secretParameter(name) }])),
      ),
      MachineRole: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: trust("states.amazonaws.com"),
          Policies: [policy("run", [
            { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: attribute("Function") },
            {
              Effect: "Allow",
              Action: "s3:GetObject",
              Resource: sub("arn:${AWS::Partition}:s3:::${DataBucket}/*"),
            },
            {
              Effect: "Allow",
              Action: ["states:StartExecution", "states:DescribeExecution", "states:StopExecution"],
              Resource: [
                sub(
                  "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${FunctionName}",
                ),
                sub(
                  "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${FunctionName}/*",
                ),
              ],
            },
          ])],
        },
      },
      Machine: {
        Type: "AWS::StepFunctions::StateMachine",
        Properties: {
          StateMachineName: { Ref: "FunctionName" },
          RoleArn: attribute("MachineRole"),
          // Numbers stand bare in the text; every other substitution stands within quotes.
          DefinitionString: sub(
            JSON.stringify(stateMachine(options.stages, scheduled)).replaceAll(
              '"${MaxParallel}"',
              "${MaxParallel}",
            ),
          ),
        },
      },
      ...scheduled === undefined ? {} : scheduleResources(scheduled),
    },
    Outputs: {
      FunctionName: { Value: { Ref: "Function" } },
      StateMachine: {
        Description: 'start it with {"bucket": "BUCKET", "prefix": "PATH/OF/STORE.zarr.run"}',
        Value: { Ref: "Machine" },
      },
    },
  };
}

/** A parameter's name holds letters and digits only. */
function secretParameter(variable: string): string {
  return `Secret${
    variable.split("_").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()).join("")
  }`;
}

/** What starts the machine on time. */
function scheduleResources({ name, rate }: ScheduledJob): Record<string, unknown> {
  return {
    ScheduleRole: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: trust("scheduler.amazonaws.com"),
        Policies: [policy("start", [{
          Effect: "Allow",
          Action: "states:StartExecution",
          Resource: { Ref: "Machine" },
        }])],
      },
    },
    Schedule: {
      Type: "AWS::Scheduler::Schedule",
      Properties: {
        Description: `granary: runs ${name} on time`,
        ScheduleExpression: rate,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: {
          Arn: { Ref: "Machine" },
          RoleArn: attribute("ScheduleRole"),
          Input: sub(
            '{"bucket": "${DataBucket}", "prefix": "${RunPrefix}", "dataset": "s3://${DataBucket}/${DatasetKey}"}',
          ),
        },
      },
    },
  };
}

/** Planning again, for a run on time; where another run lives nothing is done. */
function planStates(kind: string, next: string): Record<string, unknown> {
  return {
    Plan: {
      ...invocation({
        "run_dir.$": "States.Format('s3://{}/{}', $.bucket, $.prefix)",
        kind,
        "plan_from.$": "$.dataset",
      }),
      ResultSelector: { "held.$": "$.Payload.held" },
      ResultPath: "$.plan",
      Next: "Held",
    },
    Held: {
      Type: "Choice",
      Choices: [{ Variable: "$.plan.held", BooleanEquals: true, Next: "Nothing" }],
      Default: next,
    },
    Nothing: { Type: "Succeed" },
  };
}

/** Every stage's tasks, stage after stage, then the end. The input names the run directory. */
function stateMachine(stages: readonly string[], scheduled?: ScheduledJob): Record<string, unknown> {
  const first = stateName(stages[0]);
  const states: Record<string, unknown> = scheduled === undefined ? {} : planStates(scheduled.kind, first);
  stages.forEach((stage, i) => {
    states[stateName(stage)] = {
      ...distributedMap(stage),
      Next: i + 1 < stages.length ? stateName(stages[i + 1]) : "Finish",
    };
  });
  states.Finish = {
    ...invocation({
      "run_dir.$": "States.Format('s3://{}/{}', $.bucket, $.prefix)",
      finish: true,
    }),
    OutputPath: "$.Payload",
    End: true,
  };
  return {
    Comment: `a planned run of granary: every task of ${stages.join(", then of ")}, then the run is finished`,
    StartAt: scheduled === undefined ? first : "Plan",
    States: states,
  };
}

/** `scatter` to `Scatter`. */
function stateName(stage: string): string {
  return stage[0].toUpperCase() + stage.slice(1);
}

/** A stage: its tasks side by side, each again until nothing is left of it. */
function distributedMap(stage: string): Record<string, unknown> {
  const name = stateName(stage);
  return {
    Type: "Map",
    MaxConcurrency: "${MaxParallel}",
    ItemReader: {
      Resource: "arn:${AWS::Partition}:states:::s3:getObject",
      ReaderConfig: { InputType: "JSON" },
      Parameters: {
        "Bucket.$": "$.bucket",
        "Key.$": `States.Format('{}/tasks/${stage}.json', $.prefix)`,
      },
    },
    ItemSelector: {
      "run_dir.$": "States.Format('s3://{}/{}', $.bucket, $.prefix)",
      "task.$": "$$.Map.Item.Value.task",
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: `${name}Task`,
      States: {
        [`${name}Task`]: {
          ...invocation({ "run_dir.$": "$.run_dir", stage, "task.$": "$.task" }),
          ResultSelector: { "left.$": "$.Payload.left" },
          ResultPath: "$.answer",
          Next: `${name}Left`,
        },
        [`${name}Left`]: {
          Type: "Choice",
          Choices: [{ Variable: "$.answer.left", NumericGreaterThan: 0, Next: `${name}Task` }],
          Default: `${name}Done`,
        },
        [`${name}Done`]: { Type: "Succeed" },
      },
    },
    ResultPath: null,
  };
}

function invocation(payload: Record<string, unknown>): Record<string, unknown> {
  return {
    Type: "Task",
    Resource: "arn:${AWS::Partition}:states:::lambda:invoke",
    Parameters: { FunctionName: "${Function.Arn}", Payload: payload },
    Retry: [{
      ErrorEquals: [
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
        "granary.io",
      ],
      IntervalSeconds: 5,
      BackoffRate: 2,
      MaxAttempts: 5,
      JitterStrategy: "FULL",
    }],
  };
}
