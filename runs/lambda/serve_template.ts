/**
 * The CloudFormation template of a server on AWS: a function whose code is the binary, with a function URL, its
 * role, which only reads, and its log group. Pure.
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
} from "./template_resources.ts";

/** Catalogs are kept in /tmp. */
interface ServeTemplateOptions extends FunctionSize {
  /** Environments at the same time; 0 for no limit. */
  maxParallel: number;
  /** What it serves, as the function's variable has it. */
  variable: string;
  served: string;
  /** Buckets of catalogs, stores and granules that the function reads by its role. */
  buckets: readonly string[];
}

/** The template, to be written as JSON. */
export function serveTemplate(options: ServeTemplateOptions): Record<string, unknown> {
  const { variable, served, buckets } = options;
  const readable = [
    ...buckets.flatMap((bucket) => bucketArns(sub(`arn:\${AWS::Partition}:s3:::${bucket}`))),
  ];
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: "granary: a Lambda function that serves tiles, values and statistics at a URL of its own",
    Parameters: {
      ...functionParameters("granary-serve"),
      UrlAuth: {
        Type: "String",
        Default: "AWS_IAM",
        AllowedValues: ["AWS_IAM", "NONE"],
        Description: "who may ask: those whose requests are signed for it, or (NONE) everyone",
      },
      MaxParallel: {
        Type: "Number",
        Default: options.maxParallel,
        MinValue: 0,
        Description: "environments at the same time, reserved of the account's own; 0 for no such limit",
      },
    },
    Conditions: {
      ...FUNCTION_CONDITIONS,
      IsLimited: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "MaxParallel" }, 0] }] },
      IsPublic: { "Fn::Equals": [{ Ref: "UrlAuth" }, "NONE"] },
    },
    Resources: {
      ...functionRole(
        readable.length === 0 ? [] : [policy("data", reading(readable))],
        reading(bucketArns(sub("arn:${AWS::Partition}:s3:::${GranuleBucket}"))),
      ),
      Function: functionResource(
        "granary: one HTTP request an invocation",
        options,
        { [variable]: served },
        {
          ReservedConcurrentExecutions: {
            "Fn::If": ["IsLimited", { Ref: "MaxParallel" }, { Ref: "AWS::NoValue" }],
          },
        },
      ),
      Url: {
        Type: "AWS::Lambda::Url",
        Properties: {
          TargetFunctionArn: attribute("Function"),
          AuthType: { Ref: "UrlAuth" },
        },
      },
      EveryoneMayAsk: {
        Type: "AWS::Lambda::Permission",
        Condition: "IsPublic",
        Properties: {
          FunctionName: attribute("Function"),
          Action: "lambda:InvokeFunctionUrl",
          Principal: "*",
          FunctionUrlAuthType: "NONE",
        },
      },
      EveryoneMayInvokeByUrl: {
        Type: "AWS::Lambda::Permission",
        Condition: "IsPublic",
        Properties: {
          FunctionName: attribute("Function"),
          Action: "lambda:InvokeFunction",
          Principal: "*",
          InvokedViaFunctionUrl: true,
        },
      },
    },
    Outputs: {
      FunctionName: { Value: { Ref: "Function" } },
      Url: { Value: { "Fn::GetAtt": ["Url", "FunctionUrl"] } },
    },
  };
}

type Arn = { "Fn::Sub": string };

/** A bucket and its objects. */
function bucketArns(bucket: Arn): Arn[] {
  return [bucket, { "Fn::Sub": `${bucket["Fn::Sub"]}/*` }];
}

function reading(resources: readonly Arn[]): Record<string, unknown>[] {
  return [{ Effect: "Allow", Action: ["s3:GetObject", "s3:ListBucket"], Resource: resources }];
}
