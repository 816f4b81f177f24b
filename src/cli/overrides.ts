import { type Arguments, usage } from './arguments.ts';

/** Settings that were named on the command line: options with a setting's name, then every --set NAME=VALUE. */
export function overridesOf(args: Arguments, options: readonly string[]): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of options) {
    const value = args.text(name);
    if (value !== undefined) {
      overrides[name] = value;
    }
  }
  for (const assignment of args.texts('set')) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw usage(`--set "${assignment}" has no value.`, 'Write --set key=value, such as --set seed=7.');
    }
    overrides[assignment.slice(0, equals)] = assignment.slice(equals + 1);
  }
  return overrides;
}
