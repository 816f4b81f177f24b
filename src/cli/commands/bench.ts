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

/** Every benchmark by name; loaded when it is asked for. */
const targets: Readonly<Record<string, () => Promise<Target>>> = {
  generate: async () => (await import('../../../bench/generate.ts')).generateTarget,
  train: async () => (await import('../../../bench/train.ts')).trainTarget,
  step: async () => (await import('../../../bench/step.ts')).stepTarget,
  learn: async () => (await import('../../../bench/learn.ts')).learnTarget,
  serve: async () => (await import('../../../bench/serve.ts')).serveTarget,
  adapter: async () => (await import('../../../bench/adapter.ts')).adapterTarget,
  sandbox: async () => (await import('../../../bench/sandbox.ts')).sandboxTarget,
};

/** `selfq bench TARGET`: measures a part of the program on this machine against what one would use without it. */
export async function bench(args: Arguments): Promise<number> {
  const [name = ''] = args.positionals;
  const load = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (!load) {
    const nearest = nearestName(name, Object.keys(targets));
    throw usage(
      name === '' ? 'What is to be measured?' : `There is no benchmark "${name}".`,
      nearest === undefined
        ? `Choose from: ${Object.keys(targets).join(', ')}.`
        : `Did you mean \`selfq bench ${nearest}\`?`,
    );
  }
  const target = await load();
  const output = createProgressOutput();
  const { figures, lines } = await target(args, createPolicyView(output)).finally(() => output.clear());
  process.stdout.write(args.has('json') ? `${JSON.stringify(figures)}\n` : `${lines.join('\n')}\n`);
  return 0;
}
