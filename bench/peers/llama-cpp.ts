import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

// llama.cpp as a process that is asked line by line (see `process.ts`): started with the folder in which node-llama-cpp
// is installed. It uses node-llama-cpp's own binding underneath its sessions, one batch a step, so that nothing of
// JavaScript's scheduling is counted against it.

/** `bare`: forward passes alone; `full`: LoRA, sampling at temperature 1, and the probability of what was drawn. */
const work = z.enum(['bare', 'full']);
const Request = z.discriminatedUnion('op', [
  z.object({ op: z.literal('load'), model: z.string(), threads: z.number(), adapter: z.string().optional() }),
  z.object({ op: z.literal('prefill'), tokens: z.number(), work }),
  z.object({ op: z.literal('complete'), prompt: z.array(z.number()), newTokens: z.number(), work }),
  z.object({ op: z.literal('decode'), rows: z.number(), promptTokens: z.number(), newTokens: z.number(), work }),
]);
type Request = z.infer<typeof Request>;

/** What is used of node-llama-cpp. */
interface Binding {
  AddonContext: new (model: AddonModel, options: object) => AddonContext;
  AddonModelLora: new (model: AddonModel, path: string) => object;
  AddonSampler: new (model: AddonModel) => AddonSampler;
}
interface AddonModel {
  loadLora(lora: object): Promise<void>;
}
interface AddonContext {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  initBatch(size: number): void;
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(
    index: number,
    sampler: AddonSampler,
    probabilities: boolean,
    confidence: boolean,
  ): Promise<[token: number, probabilities: unknown, confidence: number]>;
  setLoras(loras: object[], scales: number[]): void;
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
}
interface AddonSampler {
  applyConfig(options: object): void;
  dispose(): void;
}
interface Llama {
  _bindings: Binding;
  systemInfo: string;
  llamaCppRelease: { release: string };
  loadModel(options: { modelPath: string }): Promise<{ _model: AddonModel; dispose(): Promise<void> }>;
}
interface LlamaModule {
  getLlama(options: object): Promise<Llama>;
}

interface State {
  model: { _model: AddonModel; dispose(): Promise<void> };
  lora: object | undefined;
  threads: number;
}

async function main(): Promise<void> {
  const entry = join(process.argv[2] ?? '.', 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  const module = (await import(pathToFileURL(entry).href)) as LlamaModule;
  const llama = await module.getLlama({ gpu: false, build: 'never', logLevel: 'error', progressLogs: false });
  let state: State | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const request = Request.parse(JSON.parse(line));
      if (request.op === 'load') {
        await state?.model.dispose();
        state = await load(llama, request);
        answer({ release: llama.llamaCppRelease.release, systemInfo: llama.systemInfo });
      } else if (state) {
        answer(await withContext(llama._bindings, state, request));
      }
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  process.exit(0);
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function load(llama: Llama, request: Extract<Request, { op: 'load' }>): Promise<State> {
  const model = await llama.loadModel({ modelPath: request.model });
  let lora: object | undefined;
  if (request.adapter !== undefined) {
    lora = new llama._bindings.AddonModelLora(model._model, request.adapter);
    await model._model.loadLora(lora);
  }
  return { model, lora, threads: request.threads };
}

async function withContext(binding: Binding, state: State, request: Exclude<Request, { op: 'load' }>): Promise<object> {
  const rows = request.op === 'decode' ? request.rows : 1;
  const context = new binding.AddonContext(state.model._model, {
    // Its cells come in blocks of 256.
    contextSize: rows * Math.ceil((positionsOf(request) + 8) / 256) * 256,
    batchSize: 2048,
    sequences: rows,
    flashAttention: 'auto',
    threads: state.threads,
  });
  await context.init();
  if (request.work === 'full' && state.lora) {
    context.setLoras([state.lora], [1]);
  }
  try {
    switch (request.op) {
      case 'prefill':
        return await prefill(context, request.tokens);
      case 'decode':
        return await decode(binding, state.model._model, context, request);
      case 'complete':
        return { tokenIds: await complete(binding, state.model._model, context, request) };
    }
  } finally {
    await context.dispose();
  }
}

function positionsOf(request: Exclude<Request, { op: 'load' }>): number {
  switch (request.op) {
    case 'prefill':
      return request.tokens;
    case 'decode':
      return request.promptTokens + request.newTokens + 1;
    case 'complete':
      return request.prompt.length + request.newTokens + 1;
  }
}

/** The most probable tokens after a prompt, one by one. */
async function complete(
  binding: Binding,
  model: AddonModel,
  context: AddonContext,
  { prompt, newTokens }: Extract<Request, { op: 'complete' }>,
): Promise<number[]> {
  const sampler = new binding.AddonSampler(model);
  sampler.applyConfig({ temperature: 0 });
  const drawn: number[] = [];
  let input = prompt;
  for (let position = 0; drawn.length < newTokens; position += input.length, input = drawn.slice(-1)) {
    context.initBatch(input.length);
    const last = input.length - 1;
    const [index = last] = context.addToBatch(0, position, Uint32Array.from(input), Uint32Array.of(last));
    await context.decodeBatch();
    const [token] = await context.sampleToken(index, sampler, false, false);
    drawn.push(token);
  }
  sampler.dispose();
  return drawn;
}

/** Any ids that every vocabulary has. */
const tokenAt = (position: number): number => 300 + ((position * 7919) % 40_000);

async function fill(context: AddonContext, sequence: number, tokens: number): Promise<void> {
  context.initBatch(tokens);
  const ids = Uint32Array.from({ length: tokens }, (_, i) => tokenAt(i));
  context.addToBatch(sequence, 0, ids, Uint32Array.of(tokens - 1));
  await context.decodeBatch();
}

async function prefill(context: AddonContext, tokens: number): Promise<{ seconds: number; tokens: number }> {
  const start = performance.now();
  await fill(context, 0, tokens);
  return { seconds: (performance.now() - start) / 1000, tokens };
}

async function decode(
  binding: Binding,
  model: AddonModel,
  context: AddonContext,
  { rows, promptTokens, newTokens, work }: Extract<Request, { op: 'decode' }>,
): Promise<{ seconds: number; tokens: number }> {
  await fill(context, 0, promptTokens);
  for (let row = 1; row < rows; row++) {
    await context.copySequenceStateFromOtherSequence(row, 0);
  }
  const samplers = Array.from({ length: rows }, (_, row) => {
    const sampler = new binding.AddonSampler(model);
    sampler.applyConfig({ temperature: 1, topK: 0, topP: 1, minP: 0, seed: row + 1 });
    return sampler;
  });
  let last = samplers.map((_, row) => tokenAt(row));
  const logprobs: number[] = [];
  const start = performance.now();
  for (let step = 0; step < newTokens; step++) {
    context.initBatch(rows);
    const indexes = last.map(
      (token, row) => context.addToBatch(row, promptTokens + step, Uint32Array.of(token), Uint32Array.of(0))[0] ?? row,
    );
    await context.decodeBatch();
    if (work === 'bare') {
      last = last.map((_, row) => tokenAt(step * rows + row));
      continue;
    }
    const drawn = await Promise.all(
      indexes.map((index, row) => context.sampleToken(index, samplers[row]!, false, true)),
    );
    last = drawn.map(([token]) => token);
    logprobs.push(...drawn.map(([, , probability]) => Math.log(probability)));
  }
  const seconds = (performance.now() - start) / 1000;
  samplers.forEach((sampler) => sampler.dispose());
  if (work === 'full' && !logprobs.every(Number.isFinite)) {
    throw new Error('a sampled token has no probability');
  }
  return { seconds, tokens: rows * newTokens };
}

await main();
