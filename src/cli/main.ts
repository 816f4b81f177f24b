import { nearestName } from '../base/nearest-name.ts';
import { parseArguments, usage } from './arguments.ts';
import { commands } from './commands.ts';
import { commandHelp, generalHelp } from './help.ts';
import { exitCodeOf } from '../base/errors.ts';
import { reportError } from './report-error.ts';

/** Entry of the command line. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted. */
async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = rest[0] === undefined ? undefined : commands[rest[0]];
    process.stdout.write(about ? commandHelp(rest[0] ?? '', about) : generalHelp());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    const { programVersions } = await import('../engine/versions.ts');
    process.stdout.write(`${programVersions()['selfq'] ?? ''}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const nearest = nearestName(name, Object.keys(commands));
    throw usage(`There is no command "${name}".`, nearest ? `Did you mean \`selfq ${nearest}\`?` : undefined);
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(commandHelp(name, command));
    return 0;
  }
  const parsed = parseArguments(rest, command.options, command.positionals);
  const action = await command.load();
  return action(parsed);
}

// A reader that has seen enough (`selfq … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
