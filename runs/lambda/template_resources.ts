/** What templates of functions share: references, policies, and the function with its role and log group. Pure. */

export interface FunctionSize {
  architecture: "x86_64" | "arm64";
  memoryMegabytes: number;
  timeoutSeconds: number;
  /** Of /tmp. */
  storageMegabytes: number;
}

type Json = Record<string, unknown>;

export const sub = (text: string) => ({ "Fn::Sub": text });
export const attribute = (resource: string) => ({ "Fn::GetAtt": [resource, "Arn"] });

/** The parameters of every function; `name` is its name unless another is given. */
export function functionParameters(name: string): Json {
  return {
    FunctionName: { Type: "String", Default: name },
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
  };
}

export const FUNCTION_CONDITIONS: Json = {
  ReadsGranuleBucket: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "GranuleBucket" }, ""] }] },
  HasToken: { "Fn::Not": [{ "Fn::Equals": [{ Ref: "EarthdataToken" }, ""] }] },
};

/** The log group, the role with these policies beside that of logs, and the policy of granules. */
export function functionRole(policies: readonly Json[], granules: readonly unknown[]): Json {
  return {
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
            Resource: attribute("LogGroup"),
          }]),
          ...policies,
        ],
      },
    },
    GranulePolicy: {
      Type: "AWS::IAM::Policy",
      Condition: "ReadsGranuleBucket",
      Properties: { ...policy("granules", granules), Roles: [{ Ref: "FunctionRole" }] },
    },
  };
}

/** The function: its code is the package, its token a parameter. `more` are properties of one template alone. */
export function functionResource(
  description: string,
  size: FunctionSize,
  variables: Readonly<Json>,
  more: Readonly<Json> = {},
): Json {
  return {
    Type: "AWS::Lambda::Function",
    DependsOn: "LogGroup",
    Properties: {
      FunctionName: { Ref: "FunctionName" },
      Description: description,
      Runtime: "provided.al2023",
      Handler: "bootstrap",
      Architectures: [size.architecture],
      MemorySize: size.memoryMegabytes,
      Timeout: size.timeoutSeconds,
      EphemeralStorage: { Size: size.storageMegabytes },
      ...more,
      Role: attribute("FunctionRole"),
      Code: { S3Bucket: { Ref: "CodeBucket" }, S3Key: { Ref: "CodeKey" } },
      Environment: {
        Variables: {
          EARTHDATA_TOKEN: { "Fn::If": ["HasToken", { Ref: "EarthdataToken" }, { Ref: "AWS::NoValue" }] },
          ...variables,
        },
      },
    },
  };
}

/** Who may take a role. */
export function trust(service: string): Json {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  };
}

export function policy(name: string, statements: readonly unknown[]): Json {
  return { PolicyName: name, PolicyDocument: { Version: "2012-10-17", Statement: statements } };
}
