import { join } from "node:path";
import type { CommandContext } from "../../local/runtime/run-command";
import { type ReportedSuppression, SUPPRESSIONS } from "../../node/reported-suppression";
import { CommandError } from "../error";
import { linesOf, synthesizeApp } from "../requests";
import { stackFolder } from "../stacks";
import { type CheckovVerdict, installCheckov, runCheckov } from "./checkov";

/**
 * Checks a stack against the security policy: every check of Checkov, with the suppressions of the constructs.
 *
 * @throws CommandError for an unknown stack, and for failed checks without a suppression, each of which it names
 */
export async function policy(context: CommandContext, name: string): Promise<void> {
  const file = (scratch: string) => join(scratch, "suppressions");
  const line = await synthesizeApp(
    context,
    (scratch) => ({ [SUPPRESSIONS]: file(scratch) }),
    async (scratch) => {
      const folder = stackFolder(scratch, name);
      const verdicts = await runCheckov(await installCheckov(context), folder, context.signal);
      const suppressions = linesOf<ReportedSuppression>(file(scratch));
      return judge(
        name,
        verdicts,
        suppressions.filter(({ stack }) => stack === name),
      );
    },
  );
  process.stdout.write(`${line}\n`);
}

/** Returns a summary of the verdicts, or throws an error with all failures that no suppression covers. */
export function judge(
  stack: string,
  verdicts: readonly CheckovVerdict[],
  suppressions: readonly ReportedSuppression[],
): string {
  const failures = verdicts.filter(({ passed }) => !passed);
  const failed = failures.filter(
    ({ check, resource }) =>
      !suppressions.some((suppression) => suppression.check === check && suppression.resource === resource),
  );
  if (failed.length > 0)
    throw new CommandError(
      [
        `stack ${stack}: got ${failed.length} failed checks of the security policy, expected none:`,
        ...failed.map(({ check, name, resource }) => `  ${check} ${resource}: ${name}`),
        "Hint: fix the resource; if a check does not fit it, call suppress(resource, check, reason) of cdktf-dask",
      ].join("\n"),
    );
  const passed = verdicts.length - failures.length;
  return `${stack}: ${passed} checks passed, ${failures.length} suppressed`;
}
