import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { entryPath } from '../src/base/entries.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { eventData } from '../src/base/event-stream.ts';
import { describeConditions, median, medianRatio, noteConditions, round, type Conditions } from './measure.ts';
import { startLlamaServer } from './peers/llama-server.ts';
import { codeTokens, openBenchModel, type BenchArguments, type BenchModel, type BenchObserver } from './policy.ts';

const clients = 16;
const promptTokens = 200;
const newTokens = 64;
const contextTokens = 512;

/** A served model: this program's, or llama.cpp's. */
interface Served {
  url: string;
  stop(): void;
}

/** What one round of one server was. */
interface Round {
  /** From the request to the first text of one client, ms. */
  firstTokenMs: number;
  /** Tokens a second of one client behind its first token. */
  oneClient: number;
  /** Tokens a second of all clients together, their prompts included in the time. */
  manyClients: number;
}

export interface ServeBench {
  conditions: Conditions;
  own: Round[];
  llama: Round[];
  /** Tokens a second of the engine alone with the same requests as one client's, without HTTP. */
  engine: number[];
}

/** `selfq bench serve`: the served model against llama.cpp's server with the same file, in turns. */
export async function serveTarget(
  args: BenchArguments,
  observer: BenchObserver,
): Promise<{ figures: ServeBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 3);
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const served: Served[] = [];
  try {
    const own = await startOwn(model);
    served.push(own);
    const peer = args.has('alone') ? undefined : await startPeer(args, model);
    served.push(...(peer ? [peer] : []));
    const runtime = await model.start({ slots: 1, contextTokens });
    const figures: Omit<ServeBench, 'conditions'> = { own: [], llama: [], engine: [] };
    try {
      // A first round loads the weights of both.
      await Promise.all(served.map((server) => complete(server, 'function first(', 1)));
      for (let turn = 0; turn < rounds; turn++) {
        const prompts = promptsOf(model, clients + 1, turn);
        figures.own.push(await measure(own, prompts));
        figures.engine.push(await engineRate(runtime, prompts[0] ?? ''));
        if (peer) {
          figures.llama.push(await measure(peer, prompts));
        }
      }
    } finally {
      await runtime.close();
    }
    const measured = { ...figures, conditions: finish({}) };
    return { figures: measured, lines: describe(measured) };
  } finally {
    served.forEach((server) => server.stop());
    await model.close();
  }
}

/** The command line as a process of its own, as a person starts it. */
async function startOwn({ path, threads }: BenchModel): Promise<Served> {
  const options = ['--model', path, '--port', '0', '--slots', String(clients), '--context', String(contextTokens)];
  const args = ['--no-node-snapshot', entryPath('cli'), 'serve', ...options, '--set', `threads=${threads}`, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
    return { url, stop: () => void child.kill('SIGINT') };
  }
  throw new BoundaryError('environment', '`selfq serve` ended before it served.', 'Read what it said above.');
}

async function startPeer(args: BenchArguments, { path, threads }: BenchModel): Promise<Served> {
  const { url, kill } = await startLlamaServer(args, { model: path, threads, slots: clients, contextTokens });
  return { url, stop: kill };
}

/** Code that no two share from its first line on, so that nobody's cache of prompts is measured. */
function promptsOf({ file }: BenchModel, count: number, turn: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    file.tokenizer.decode(codeTokens(file, promptTokens, 100 * (turn * count + index))),
  );
}

async function measure(server: Served, [first = '', ...others]: readonly string[]): Promise<Round> {
  const one = await complete(server, first, newTokens);
  const start = performance.now();
  const all = await Promise.all(others.map((prompt) => complete(server, prompt, newTokens)));
  const seconds = (performance.now() - start) / 1000;
  const tokens = all.reduce((sum, answer) => sum + answer.tokens, 0);
  return {
    firstTokenMs: one.firstTokenMs,
    oneClient: (1000 * (one.tokens - 1)) / (one.totalMs - one.firstTokenMs),
    manyClients: tokens / seconds,
  };
}

const Event = z.object({
  choices: z.array(z.object({ text: z.string() })),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
});

/** A streamed greedy completion. */
async function complete(
  { url }: Served,
  prompt: string,
  maxTokens: number,
): Promise<{ firstTokenMs: number; totalMs: number; tokens: number }> {
  const start = performance.now();
  const options = { max_tokens: maxTokens, temperature: 0, stream: true, stream_options: { include_usage: true } };
  const { ok, status, body } = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt, ...options }),
  });
  if (!ok || !body) {
    throw new BoundaryError('environment', `${url} answered with status ${status}.`, 'Measure again with --quick.');
  }
  let firstTokenMs: number | undefined;
  let tokens = 0;
  for await (const data of eventData(body)) {
    if (data !== '[DONE]') {
      const { choices, usage } = Event.parse(JSON.parse(data));
      firstTokenMs ??= choices[0]?.text ? performance.now() - start : undefined;
      tokens = usage?.completion_tokens ?? tokens;
    }
  }
  const totalMs = performance.now() - start;
  return { firstTokenMs: firstTokenMs ?? totalMs, totalMs, tokens };
}

/** Tokens a second behind the first, of a completion that the engine is asked for directly. */
async function engineRate(runtime: Awaited<ReturnType<BenchModel['start']>>, text: string): Promise<number> {
  const timed = async (maxTokens: number): Promise<{ seconds: number; tokens: number }> => {
    const start = performance.now();
    const request = { prompt: { text }, samples: 1, maxTokens, temperature: 0, seed: 1 };
    const [[completion] = []] = await runtime.call('generate', { requests: [request], adapter: false });
    return { seconds: (performance.now() - start) / 1000, tokens: completion?.tokenIds.length ?? 0 };
  };
  const [short, long] = [await timed(1), await timed(newTokens)];
  return (long.tokens - short.tokens) / (long.seconds - short.seconds);
}

function describe({ conditions, own, llama, engine }: ServeBench): string[] {
  const rows: [what: string, unit: string, value: (round: Round) => number][] = [
    ['first token', 'ms', ({ firstTokenMs }) => firstTokenMs],
    ['one client', 'tokens/s', ({ oneClient }) => oneClient],
    [`${clients} clients`, 'tokens/s', ({ manyClients }) => manyClients],
  ];
  return [
    `Completions of ${newTokens} tokens behind ${promptTokens}, over HTTP; the ratio is that to llama.cpp's server.`,
    ...rows.map(([what, unit, value]) => {
      const ours = own.map(value);
      const theirs = llama.map(value);
      const peer =
        theirs.length === 0 ? '' : `, llama.cpp ${round(median(theirs))}: ${medianRatio(ours, theirs).toFixed(2)} x`;
      return `${what}: ${round(median(ours))} ${unit}${peer}`;
    }),
    `one client against the engine alone: ${medianRatio(
      own.map(({ oneClient }) => oneClient),
      engine,
    ).toFixed(2)} x of ${round(median(engine))} tokens/s`,
    describeConditions(conditions),
  ];
}
