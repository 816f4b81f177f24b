import { defaultsOf } from '../src/base/setting.ts';
import { codingSettings } from '../src/domains/coding/settings.ts';
import { createDomain } from '../src/domains/registry.ts';
import type { GenerateRequest } from '../src/protocol/runtime.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { renderPrompt } from '../src/runtime/generation/rows.ts';
import { resolveConfig } from '../src/config/resolve.ts';
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
import {
  codeTokens,
  idleTools,
  openBenchModel,
  type BenchArguments,
  type BenchObserver,
  type BenchModel,
} from './policy.ts';

const usualPromptTokens = 200;
const prefillTokens = 512;
const proposals = 12;

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
export async function generateTarget(
  args: BenchArguments,
  observer: BenchObserver,
): Promise<{ figures: GenerateBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 3);
  const promptTokens = args.integer('prompt-tokens', 1) ?? usualPromptTokens;
  const counts = (args.text('rows') ?? '1,32,64').split(',').map(Number);
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const peers = args.has('alone') ? [] : await startLlamaPeers(args, model);
  const { tokenizer } = model.file;
  const sizes = counts.map((rows) => ({ rows, requests: decodeRequests(model, rows, promptTokens) }));
  const lengths = sizes.flatMap(({ requests }) =>
    requests.map(({ prompt, maxTokens }) => tokenizer.encode(renderPrompt(prompt, tokenizer)).length + maxTokens),
  );
  const contextTokens = Math.max(prefillTokens + 8, ...lengths);
  const runtime = await model.start({ slots: Math.max(...counts), contextTokens });
  try {
    const results: Result[] = [];
    for (const { rows, requests } of sizes) {
      const newTokens = rows === 1 ? 128 : 24;
      results.push(
        await alternate(
          rows === 1 ? '1 row, proposals' : `${rows} rows behind ${promptTokens} tokens`,
          rounds,
          peers,
          () => decode(runtime, requests),
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
 * What one size decodes: a row by itself proposals as a run asks for them, one after the other, since the engine guesses
 * what a text repeats; more rows samples of one prompt, all of the same length.
 */
function decodeRequests(model: BenchModel, rows: number, promptTokens: number): GenerateRequest[] {
  return rows === 1
    ? proposalRequests(model, promptTokens)
    : [{ prompt: { text: codePrompt(model, promptTokens) }, samples: rows, maxTokens: 25, temperature: 1, seed: 1 }];
}

/** Prompts of at least `least` tokens: code stands before them where they are shorter. */
function proposalRequests(model: BenchModel, least: number): GenerateRequest[] {
  const { tokenizer } = model.file;
  const config = resolveConfig('quick', {});
  const coding = defaultsOf(codingSettings, 'quick');
  const { proposer } = createDomain({ ...config, ...coding, domain: 'coding' }, idleTools);
  return Array.from({ length: proposals }, (_, variant) => {
    const { messages, prefill } = proposer.prompt(variant);
    const prompt = tokenizer.renderChat(messages, prefill);
    const text = codePrompt(model, Math.max(0, least - tokenizer.encode(prompt).length)) + prompt;
    const sampling = { temperature: 1, seed: variant, stop: proposer.stop };
    return { prompt: { text }, samples: 1, maxTokens: config.maxProposalTokens, ...sampling };
  });
}

function codePrompt({ file }: BenchModel, tokens: number): string {
  return file.tokenizer.decode(codeTokens(file, tokens));
}

/** Tokens a second, prefill aside: a call that ends behind its first token prefills and copies the same. */
async function decode(runtime: RuntimeProcess, requests: readonly GenerateRequest[]): Promise<number> {
  const timed = async (request: GenerateRequest) => {
    const start = performance.now();
    const [completions = []] = await runtime.call('generate', { requests: [request], adapter: true });
    const seconds = (performance.now() - start) / 1000;
    return { seconds, tokens: completions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0) };
  };
  let [tokens, seconds] = [0, 0];
  for (const request of requests) {
    const [short, long] = [await timed({ ...request, maxTokens: 1 }), await timed(request)];
    tokens += long.tokens - short.tokens;
    seconds += long.seconds - short.seconds;
  }
  return tokens / seconds;
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
