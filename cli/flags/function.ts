/** The flags of `granary deploy aws`, and the template that they ask for. */
import { inputError } from "../../core/errors.ts";
import { TEMPLATE_DEFAULTS } from "../../runs/lambda/lambda_template.ts";

interface FunctionFlags {
  arch: "x86_64" | "arm64";
  memoryMb: number;
  timeout: number;
  storageMb: number;
  maxParallel: number;
}

/** What the function is made with. Throws an input error for what Lambda does not have. */
export function functionFrom(flags: FunctionFlags): {
  architecture: "x86_64" | "arm64";
  memoryMegabytes: number;
  timeoutSeconds: number;
  storageMegabytes: number;
  maxParallel: number;
} {
  between("--memory-mb", flags.memoryMb, 512, 10240);
  between("--timeout", flags.timeout, 10, 900);
  between("--storage-mb", flags.storageMb, 512, 10240);
  between("--max-parallel", flags.maxParallel, 1, 10000);
  return {
    ...TEMPLATE_DEFAULTS,
    architecture: flags.arch,
    memoryMegabytes: flags.memoryMb,
    timeoutSeconds: flags.timeout,
    storageMegabytes: flags.storageMb,
    maxParallel: flags.maxParallel,
  };
}

function between(flag: string, value: number, least: number, most: number): void {
  if (value < least || value > most) {
    throw inputError(`${flag} ${value}: wanted ${least} to ${most}, which is what Lambda has`);
  }
}
