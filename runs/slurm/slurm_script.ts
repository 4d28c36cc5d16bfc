/** Slurm's side of a run as text: job scripts, and the sizes and times that sbatch is given. Pure. */
import { inputError } from "../../core/errors.ts";

/** Quotes a word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Tasks in at most `most` groups of about equal length, neighbours together. */
export function groupTasks(tasks: readonly number[], most: number): number[][] {
  const groups = Math.min(tasks.length, Math.max(1, most));
  return Array.from(
    { length: groups },
    (_, g) =>
      tasks.slice(
        Math.floor((g * tasks.length) / groups),
        Math.floor(((g + 1) * tasks.length) / groups),
      ),
  );
}

/**
 * The script of an array's jobs: their tasks one after the other, each by a process of its own. A task that
 * could not read something has recorded that, so exit code 3 is no failure of the task. SIGTERM (the time
 * is up, preemption, scancel) goes to the process, which saves what it has read.
 */
export function arrayScript(
  stage: string,
  groups: readonly (readonly number[])[],
  command: readonly string[],
): string {
  const words = command.map(shellWord).join(" ");
  return `#!/bin/bash
# granary: the ${stage} tasks of a run, by array index
tasks=(
${groups.map((group) => `"${group.join(" ")}"`).join("\n")}
)
# Processes get groups of their own: a signal to the script's group reaches them once, by the trap.
set -m
status=0
child=
stopped=
stop() {
  stopped=143
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
}
trap stop TERM INT
for task in \${tasks[$SLURM_ARRAY_TASK_ID]}; do
  if [ -n "$stopped" ]; then break; fi
  ${words} --stage ${shellWord(stage)} --task "$task" &
  child=$!
  wait "$child"
  code=$?
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  child=
  case $code in
    0 | 3) ;;
    *) status=$code ;;
  esac
done
exit "\${stopped:-$status}"
`;
}

/** The script of the last job. */
export function finishScript(command: readonly string[]): string {
  return `#!/bin/bash
# granary: finish the run when every task is done
exec ${command.map(shellWord).join(" ")}
`;
}

/** Minutes of a Slurm time: `90`, `90:00`, `1:30:00`, `1-12`, `1-12:30`, `1-12:30:00`. */
export function parseSlurmMinutes(text: string): number {
  const days = /^(\d+)-(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  const number = (part: string | undefined) => Number(part ?? 0);
  if (days !== null) {
    const [, d, h, m, s] = days;
    return number(d) * 1440 + number(h) * 60 + number(m) + number(s) / 60;
  }
  const parts = /^(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (parts === null) {
    throw inputError(
      `"${text}" is not a time of Slurm's (wanted minutes, minutes:seconds, hours:minutes:seconds or` +
        " days-hours:minutes:seconds)",
    );
  }
  const [, a, b, c] = parts;
  if (c !== undefined) return number(a) * 60 + number(b) + number(c) / 60;
  return number(a) + number(b) / 60;
}

/** Minutes as Slurm reads them: whole seconds, `hours:minutes:seconds`. */
export function formatSlurmMinutes(minutes: number): string {
  const seconds = Math.max(1, Math.round(minutes * 60));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
