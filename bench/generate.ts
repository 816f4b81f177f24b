import { codingDomain } from '../src/domains/coding/coding.ts';
import type { RuntimeProcess } from '../src/runtime/client.ts';
import { resolveConfig } from '../src/selfplay/config.ts';
import {
  describeConditions,
  median,
  medianRatio,
  noteConditions,
  ratioOfBest,
  round,
  type Conditions,
} from './measure.ts';
import { startLlamaPeers, type LlamaPeer, type LlamaRequest, type LlamaWork } from './peers/llama.ts';
import { codeTokens, openBenchModel, type BenchArguments, type BenchModel } from './policy.ts';

const usualPromptTokens = 200;
const prefillTokens = 512;
const proposals = 6;

/** Tokens a second of one peer in one kind of work, a number for each round. */
interface PeerRates {
  program: string;
  format: string;
  work: LlamaWork;
  rates: number[];
}

/** One size of the benchmark. */
interface Result {
  /** Rows that decode at once, or the prefill of one prompt. */
  what: string;
  own: number[];
  peers: PeerRates[];
}

export interface GenerateBench {
  conditions: Conditions;
  results: (Result & {
    tokensPerSecond: number;
    against: { name: string; tokensPerSecond: number; ratio: number; ratioOfBest: number }[];
  })[];
}

/** `selfq bench generate`. */
export async function generateTarget(args: BenchArguments): Promise<{ figures: GenerateBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 3);
  const promptTokens = args.integer('prompt-tokens', 1) ?? usualPromptTokens;
  const counts = (args.text('rows') ?? '1,32,64').split(',').map(Number);
  const model = await openBenchModel(args);
  const finish = noteConditions(model);
  const peers = args.has('alone') ? [] : await startLlamaPeers(args, model);
  const prompts = [...proposalPrompts(model, promptTokens), codePrompt(model, prefillTokens)];
  const longest = Math.max(promptTokens, ...prompts.map((text) => model.file.tokenizer.encode(text).length));
  const runtime = await model.start({ slots: Math.max(...counts), contextTokens: longest + 128 });
  try {
    const results: Result[] = [];
    for (const rows of counts) {
      const newTokens = rows === 1 ? 96 : 24;
      results.push(
        await alternate(
          rows === 1 ? '1 row, proposals' : `${rows} rows behind ${promptTokens} tokens`,
          rounds,
          peers,
          () => decode(model, runtime, { rows, promptTokens, newTokens }),
          [
            { op: 'decode', rows, promptTokens, newTokens, work: 'full' },
            { op: 'decode', rows, promptTokens, newTokens, work: 'bare' },
          ],
        ),
      );
    }
    results.push(
      await alternate(`prefill of ${prefillTokens}`, rounds, peers, () => prefill(model, runtime), [
        { op: 'prefill', tokens: prefillTokens, work: 'full' },
        { op: 'prefill', tokens: prefillTokens, work: 'bare' },
      ]),
    );
    const releases = peers.map(({ program, release }) => [program, release]);
    const conditions = finish(Object.fromEntries(releases) as Record<string, string>);
    const figures = { conditions, results: results.map((result) => ({ ...result, ...summarise(result) })) };
    return { figures, lines: describe(figures) };
  } finally {
    peers.forEach((peer) => peer.kill());
    await runtime.close();
    await model.close();
  }
}

/** This program, then every peer, `rounds` times; after the first round only the faster program of each format. */
async function alternate(
  what: string,
  rounds: number,
  peers: readonly LlamaPeer[],
  measureOwn: () => Promise<number>,
  requests: readonly LlamaRequest[],
): Promise<Result> {
  await measureOwn();
  const own: number[] = [];
  let entries = requests.flatMap((request) =>
    peers.map((peer) => {
      const rates: PeerRates = { program: peer.program, format: peer.format, work: request.work, rates: [] };
      return { peer, request, rates };
    }),
  );
  for (let turn = 0; turn < rounds; turn++) {
    own.push(await measureOwn());
    for (const { peer, request, rates } of entries) {
      rates.rates.push(await peer.measure(request));
    }
    entries = entries.filter(({ rates }) =>
      entries.every(
        ({ rates: other }) =>
          other.work !== rates.work || other.format !== rates.format || rates.rates[0]! >= other.rates[0]!,
      ),
    );
  }
  return { what, own, peers: entries.map(({ rates }) => rates) };
}

/**
 * Tokens a second of `rows` rows that share a prompt. A row by itself is a proposal as a run asks for it, several in turn:
 * the engine guesses what it repeats, so that its text has to be real.
 */
async function decode(
  model: BenchModel,
  runtime: RuntimeProcess,
  { rows, promptTokens, newTokens }: { rows: number; promptTokens: number; newTokens: number },
): Promise<number> {
  const texts = rows === 1 ? proposalPrompts(model, promptTokens) : [codePrompt(model, promptTokens)];
  let [tokens, seconds] = [0, 0];
  for (const [seed, text] of texts.entries()) {
    // A call that ends behind its first token prefills and copies the same.
    for (const [maxTokens, sign] of [
      [1, -1],
      [newTokens + 1, 1],
    ] as const) {
      const request = { prompt: { text }, samples: rows, maxTokens, temperature: 1, seed };
      const start = performance.now();
      const [completions = []] = await runtime.call('generate', { requests: [request], adapter: true });
      seconds += (sign * (performance.now() - start)) / 1000;
      tokens += sign * completions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    }
  }
  return tokens / seconds;
}

function codePrompt({ file }: BenchModel, tokens: number): string {
  return file.tokenizer.decode(codeTokens(file, tokens));
}

/** Prompts for proposals of the coding domain, of at least `least` tokens: code stands before them where they are shorter. */
function proposalPrompts(model: BenchModel, least: number): string[] {
  const { tokenizer } = model.file;
  const { proposerPrompt } = codingDomain({ ...resolveConfig('quick', {}), testsMode: 'executed' });
  return Array.from({ length: proposals }, (_, variant) => {
    const { messages, prefill } = proposerPrompt('', variant);
    const prompt = tokenizer.renderChat(messages, prefill);
    const missing = Math.max(0, least - tokenizer.encode(prompt).length);
    return codePrompt(model, missing) + prompt;
  });
}

async function prefill(model: BenchModel, runtime: RuntimeProcess): Promise<number> {
  const text = codePrompt(model, prefillTokens);
  const request = { prompt: { text }, samples: 1, maxTokens: 1, temperature: 1, seed: 1 };
  const start = performance.now();
  const [[completion] = []] = await runtime.call('generate', { requests: [request], adapter: true });
  return (completion?.promptTokenIds.length ?? 0) / ((performance.now() - start) / 1000);
}

/** The fastest format of each kind of work, and each format alone. */
function summarise({ own, peers }: Result): Pick<GenerateBench['results'][number], 'tokensPerSecond' | 'against'> {
  const named = peers.map(({ program, format, work, rates }) => ({
    name: `${program}, ${format === 'own' ? 'the same file' : format}, ${work}`,
    tokensPerSecond: round(median(rates)),
    ratio: medianRatio(own, rates),
    ratioOfBest: ratioOfBest(own, rates),
  }));
  return { tokensPerSecond: round(median(own)), against: named.toSorted((a, b) => a.ratio - b.ratio) };
}

function describe({ conditions, results }: GenerateBench): string[] {
  return [
    `Tokens a second. \`full\`: LoRA, sampling and logprobs, as here; \`bare\`: forward passes alone, without them.`,
    ...results.flatMap(({ what, tokensPerSecond, against }) => [
      `${what}: ${tokensPerSecond}`,
      ...against.map(
        ({ name, tokensPerSecond: rate, ratio, ratioOfBest: best }) =>
          `  ${ratio.toFixed(2)} x (best rounds ${best.toFixed(2)} x)  ${String(rate).padStart(5)}  ${name}`,
      ),
    ]),
    describeConditions(conditions),
  ];
}
