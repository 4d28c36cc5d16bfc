/** Flags that are given twice: only those that gather values may be. */
import { type CommandUnknownOpts, InvalidArgumentError, type Option } from "@commander-js/extra-typings";

const GATHERING = new WeakSet<object>();

/** Marks an option as one that gathers what each of its uses says. */
export function gathering<T extends Option>(option: T): T {
  GATHERING.add(option);
  return option;
}

/** One more value of a gathering option. */
export function gather(value: string, before: string[] | undefined): string[] {
  return [...before ?? [], value];
}

/** Refuses a second value for an option of `command` that holds one. */
export function refuseRepeated(command: CommandUnknownOpts): void {
  for (const option of command.options) {
    if (!option.required && !option.optional || option.variadic || GATHERING.has(option)) continue;
    let first: string | null | undefined;
    command.on(`option:${option.name()}`, (value: string | null) => {
      if (first !== undefined) {
        throw new InvalidArgumentError(
          `${option.long ?? option.flags} is given twice, as ${first} and as ${value}; it takes one value` +
            (/commas between/.test(option.description) ? ", with commas between several names" : ""),
        );
      }
      first = value;
    });
  }
}
