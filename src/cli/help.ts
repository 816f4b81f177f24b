import type { Command } from './commands.ts';
import { commands } from './commands.ts';

/** The text of `selfq --help`. */
export function generalHelp(): string {
  const rows = Object.entries(commands).map(([name, { parameters, summary }]) => [`${name} ${parameters}`, summary]);
  return [
    'selfq: a language model that improves itself on your own machine.',
    '',
    'Usage: selfq COMMAND [options]',
    '',
    ...columns(rows),
    '',
    '`selfq COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.',
    '',
  ].join('\n');
}

/** The text of `selfq COMMAND --help`. */
export function commandHelp(name: string, { parameters, summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, multiple, description }]) => [
    `--${option}${value === undefined ? '' : ` ${value}`}${multiple ? ' …' : ''}`,
    description,
  ]);
  const head = [
    `Usage: selfq ${name} ${parameters}`.trimEnd() + (rows.length > 0 ? ' [options]' : ''),
    '',
    summary,
    '',
  ];
  return [...head, ...columns(rows), ''].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left?.length ?? 0));
  return rows.map(([left, right]) => `  ${(left ?? '').padEnd(width)}  ${right ?? ''}`);
}
