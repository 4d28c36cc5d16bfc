/**
 * The CloudFormation template of a server on AWS: a function whose code is the binary, with a function URL, its
 * role, which only reads, and its log group. Pure.
 */
import { policy, trust } from "./lambda_template.ts";

interface ServeTemplateOptions {
  architecture: "x86_64" | "arm64";
  memoryMegabytes: number;
  timeoutSeconds: number;
  /** Of /tmp, where catalogs are kept. */
  storageMegabytes: number;
  /** Environments at the same time; 0 for no limit. */
  maxParallel: number;
  /** What it serves, as the function's variable has it. */
  variable: string;
  served: string;
  /** Buckets of catalogs, stores and granules that the function reads by its role. */
  buckets: readonly string[];
}

const sub = (text: string) => ({ "Fn::Sub": text });

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
      FunctionName: { Type: "String", Default: "granary-serve" },
      CodeBucket: {
        Type: "String",
        Description: "the bucket with the package of granary deploy aws --package",
      },
      CodeKey: { Type: "String", Default: "granary-lambda.zip" },
      GranuleBucket: {
        Type: "String",
        Default: "",
        Description: "a bucket of granules that is read with the function's role; empty for none",
      },
      EarthdataToken: {
        Type: "String",
        Default: "",
        NoEcho: true,
        Description: "for granules of NASA's data centres; empty for none",
      },
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
      ReadsGranuleBucket: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "GranuleBucket" }, ""] }] },
      HasToken: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "EarthdataToken" }, ""] }] },
      IsLimited: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "MaxParallel" }, 0] }] },
      IsPublic: { "Fn::Equals": [{ Ref: "UrlAuth" }, "NONE"] },
    },
    Resources: {
      LogGroup: {
        Type: "AWS::Logs::LogGroup",
        DeletionPolicy: "Delete",
        UpdateReplacePolicy: "Delete",
        Properties: { LogGroupName: sub("/aws/lambda/${FunctionName}"), RetentionInDays: 30 },
      },
      FunctionRole: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
          Policies: [
            policy("logs", [{
              Effect: "Allow",
              Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
              Resource: { "Fn::GetAtt": ["LogGroup", "Arn"] },
            }]),
            ...readable.length === 0 ? [] : [policy("data", reading(readable))],
          ],
        },
      },
      GranulePolicy: {
        Type: "AWS::IAM::Policy",
        Condition: "ReadsGranuleBucket",
        Properties: {
          ...policy("granules", reading(bucketArns(sub("arn:${AWS::Partition}:s3:::${GranuleBucket}")))),
          Roles: [{ Ref: "FunctionRole" }],
        },
      },
      Function: {
        Type: "AWS::Lambda::Function",
        DependsOn: "LogGroup",
        Properties: {
          FunctionName: { Ref: "FunctionName" },
          Description: "granary: one HTTP request an invocation",
          Runtime: "provided.al2023",
          Handler: "bootstrap",
          Architectures: [options.architecture],
          MemorySize: options.memoryMegabytes,
          Timeout: options.timeoutSeconds,
          EphemeralStorage: { Size: options.storageMegabytes },
          ReservedConcurrentExecutions: {
            "Fn::If": ["IsLimited", { Ref: "MaxParallel" }, { Ref: "AWS::NoValue" }],
          },
          Role: { "Fn::GetAtt": ["FunctionRole", "Arn"] },
          Code: { S3Bucket: { Ref: "CodeBucket" }, S3Key: { Ref: "CodeKey" } },
          Environment: {
            Variables: {
              [variable]: served,
              EARTHDATA_TOKEN: { "Fn::If": ["HasToken", { Ref: "EarthdataToken" }, { Ref: "AWS::NoValue" }] },
            },
          },
        },
      },
      Url: {
        Type: "AWS::Lambda::Url",
        Properties: {
          TargetFunctionArn: { "Fn::GetAtt": ["Function", "Arn"] },
          AuthType: { Ref: "UrlAuth" },
        },
      },
      EveryoneMayAsk: {
        Type: "AWS::Lambda::Permission",
        Condition: "IsPublic",
        Properties: {
          FunctionName: { "Fn::GetAtt": ["Function", "Arn"] },
          Action: "lambda:InvokeFunctionUrl",
          Principal: "*",
          FunctionUrlAuthType: "NONE",
        },
      },
      EveryoneMayInvokeByUrl: {
        Type: "AWS::Lambda::Permission",
        Condition: "IsPublic",
        Properties: {
          FunctionName: { "Fn::GetAtt": ["Function", "Arn"] },
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
