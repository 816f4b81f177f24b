import { nearestName } from '../../base/nearest-name.ts';
import type { PolicyObserver } from '../../engine/policy.ts';
import { type Arguments, usage } from '../arguments.ts';
import { createPolicyView } from '../policy.ts';
import { createProgressOutput } from '../terminal.ts';

/** What a benchmark measured, and the lines that a person reads of it. */
interface Measured {
  figures: object;
  lines: readonly string[];
}

type Target = (args: Arguments, observer: PolicyObserver) => Promise<Measured>;

interface TargetRow {
  /** The options that it takes besides `--json`. */
  options: readonly string[];
  load(): Promise<Target>;
}

const model = ['model', 'threads', 'precision'];
const peers = ['alone', 'install-peers'];
const rounds = ['quick', 'repeats'];

/** Every benchmark by name; loaded when it is asked for. */
const targets: Readonly<Record<string, TargetRow>> = {
  generate: {
    options: [...model, ...peers, ...rounds, 'python', 'rows', 'prompt-tokens', 'formats'],
    load: async () => (await import('../../../bench/generate.ts')).generateTarget,
  },
  train: {
    options: [...model, ...peers, ...rounds, 'python'],
    load: async () => (await import('../../../bench/train.ts')).trainTarget,
  },
  step: {
    options: [...model, ...peers, ...rounds, 'python', 'no-sleep'],
    load: async () => (await import('../../../bench/step.ts')).stepTarget,
  },
  learn: {
    options: [...model, 'quick', 'steps', 'seed', 'reward'],
    load: async () => (await import('../../../bench/learn.ts')).learnTarget,
  },
  sandbox: { options: ['quick'], load: async () => (await import('../../../bench/sandbox.ts')).sandboxTarget },
  domains: { options: rounds, load: async () => (await import('../../../bench/domains.ts')).domainsTarget },
  serve: {
    options: [...model, ...peers, ...rounds],
    load: async () => (await import('../../../bench/serve.ts')).serveTarget,
  },
  adapter: {
    options: ['adapter', 'new-tokens', 'install-peers'],
    load: async () => (await import('../../../bench/adapter.ts')).adapterTarget,
  },
};

/** `selfq bench TARGET`: measures a part of the program on this machine against what one would use without it. */
export async function bench(args: Arguments): Promise<number> {
  const [name = ''] = args.positionals;
  const row = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (!row) {
    const nearest = nearestName(name, Object.keys(targets));
    throw usage(
      name === '' ? 'What is to be measured?' : `There is no benchmark "${name}".`,
      nearest === undefined
        ? `Choose from: ${Object.keys(targets).join(', ')}.`
        : `Did you mean \`selfq bench ${nearest}\`?`,
    );
  }
  const foreign = args.given.find((option) => option !== 'json' && !row.options.includes(option));
  if (foreign !== undefined) {
    const those = Object.entries(targets).flatMap(([other, { options }]) => (options.includes(foreign) ? [other] : []));
    throw usage(`bench ${name} has no --${foreign}.`, `Leave it out; it is for ${those.join(', ')}.`);
  }
  const target = await row.load();
  const output = createProgressOutput();
  const { figures, lines } = await target(args, createPolicyView(output)).finally(() => output.clear());
  process.stdout.write(args.has('json') ? `${JSON.stringify(figures)}\n` : `${lines.join('\n')}\n`);
  return 0;
}
