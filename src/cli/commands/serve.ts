import { createInterface } from 'node:readline';
import { optional } from '../../base/optional.ts';
import { createPolicyService } from '../../engine/policy-service.ts';
import { findPolicy } from '../../engine/policy-source.ts';
import { runtimeSettings } from '../../runtime/settings.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import { startServer } from '../../sandbox/http/server.ts';
import { domainRoutes } from '../../scale/routes.ts';
import { startPolicyServer } from '../../serve/policy-server.ts';
import { type Arguments, usage } from '../arguments.ts';
import { overridesOf } from '../overrides.ts';
import { createPolicyView } from '../policy.ts';
import { createProgressOutput } from '../terminal.ts';

const defaultIdleMinutes = 15;
/** Rows that decode at once: enough for an editor or two; memory grows with them. */
const defaultSlots = 8;
const graceMs = 10_000;
/** Exit code of a program that was interrupted. */
const interruptedCode = 130;
/** A trainer sends all records of a step at once, to have its figures computed. */
const maxBodyBytes = 64 * 1024 * 1024;

/** `selfq serve`: judge and domains, or with a model or an adapter the policy, over HTTP until it is interrupted. */
export function serve(args: Arguments): Promise<number> {
  return args.text('model') === undefined && args.texts('adapter').length === 0 ? serveJudge(args) : servePolicy(args);
}

async function serveJudge(args: Arguments): Promise<number> {
  const options = ['device', 'set', 'context', 'slots', 'idle-minutes', 'owned'];
  const forPolicy = args.given.find((name) => options.includes(name));
  if (forPolicy !== undefined) {
    throw usage(`--${forPolicy} is about a model, and none is served.`, 'Add --model NAME, or leave it out.');
  }
  const address = addressOf(args);
  const workers = args.integer('workers', 1);
  const sandbox = await createSandbox(workers === undefined ? {} : { workers });
  try {
    const maxInFlight = args.integer('max-in-flight', 1);
    const server = await startServer({
      ...{ sandbox, ...address, maxBodyBytes, extension: domainRoutes() },
      ...optional('maxInFlight', maxInFlight),
    });
    await untilInterrupted(args, server.url, `Judging at ${server.url}. Ctrl-C ends it.`);
    await server.close();
    return 0;
  } finally {
    await sandbox.close();
  }
}

async function servePolicy(args: Arguments): Promise<number> {
  const forJudge = ['workers', 'max-in-flight'].find((name) => args.text(name) !== undefined);
  if (forJudge !== undefined) {
    throw usage(
      `--${forJudge} is about the judge, and a model is served.`,
      'Leave it out; --slots N sets rows at once.',
    );
  }
  const owner = args.has('owned') ? await readOwner(args) : undefined;
  const address = { ...addressOf(args), ...optional('token', owner) };
  const adapters = args.texts('adapter');
  const overrides = overridesOf(args, ['device']);
  const foreign = Object.keys(overrides).find((name) => !Object.hasOwn(runtimeSettings, name));
  if (foreign !== undefined) {
    throw usage(`--set ${foreign} changes nothing that is served.`, 'Leave it out; clients send how they sample.');
  }
  const { config } = findPolicy(adapters[0], {
    slots: args.integer('slots', 1) ?? defaultSlots,
    ...overrides,
    ...optional('model', args.text('model')),
  });
  const output = createProgressOutput();
  const service = await createPolicyService({
    config,
    adapters,
    ...optional('contextTokens', args.integer('context', 64)),
    idleMs: 60_000 * (args.number('idle-minutes', 0, Infinity) ?? defaultIdleMinutes),
    observer: createPolicyView(output),
  }).finally(() => output.clear());
  try {
    const server = await startPolicyServer({ service, ...address });
    const names = service.models.map(({ id }) => id).join(', ');
    await untilInterrupted(args, server.url, `Serving ${names} at ${server.url}/v1. Ctrl-C ends it.`);
    await server.close(graceMs);
    return 0;
  } finally {
    await service.close();
  }
}

/**
 * The secret of the program that started this server for itself: where others see neither arguments nor environment. When
 * that program goes, by whatever end, its pipe ends, and with it this server, whatever it is doing.
 */
async function readOwner(args: Arguments): Promise<string> {
  if (args.text('token') !== undefined) {
    throw usage('--owned reads the secret, and --token gives one.', 'Leave one of them out.');
  }
  const lines = createInterface({ input: process.stdin });
  let secret = '';
  await new Promise<void>((resolve) => {
    lines.once('line', (line) => {
      secret = line.trim();
      resolve();
    });
    lines.once('close', () => (secret === '' ? resolve() : endWithOwner()));
  });
  if (secret === '') {
    lines.close();
    throw usage('There is no secret on standard input.', 'Write it there as one line, and keep the input open.');
  }
  return secret;
}

function endWithOwner(): void {
  // Nobody listens while the model is loaded: its process ends with this one.
  if (!process.emit('SIGTERM')) {
    process.exit(interruptedCode);
  }
}

/** Where to listen. Throws BoundaryError('usage') for a port that there is not, before anything is started. */
function addressOf(args: Arguments): { port: number; host: string | undefined; token: string | undefined } {
  const port = args.integer('port', 0) ?? 0;
  if (port > 65_535) {
    throw usage(`--port cannot be "${port}".`, 'Give a number from 0 (any free one) to 65535.');
  }
  return { port, host: args.text('host'), token: args.text('token') ?? process.env['SELFQ_TOKEN'] };
}

async function untilInterrupted(args: Arguments, url: string, words: string): Promise<void> {
  process.stdout.write(args.has('json') ? `${JSON.stringify({ url })}\n` : `${words}\n`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
}
