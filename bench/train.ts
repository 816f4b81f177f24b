import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { readSafetensors } from '../src/model/formats/safetensors.ts';
import type { TrainOptions, TrainSequence } from '../src/protocol/runtime.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { describeConditions, median, medianRatio, noteConditions, round, type Conditions } from './measure.ts';
import { peerScript } from './peers/folder.ts';
import { peerPython } from './peers/install.ts';
import { modelFolder } from './peers/model-folder.ts';
import { PeerProcess } from './peers/process.ts';
import { codeTokens, openBenchModel, type BenchArguments, type BenchObserver, type BenchModel } from './policy.ts';

/** One shape of batch: questions, answers of each, and their lengths in tokens. */
interface Case {
  name: string;
  questions: number;
  answers: number;
  promptTokens: number;
  answerTokens: number;
  /** Share of the questions whose answers all have advantage 0. */
  flat: number;
  /** Sequences of one micro-batch of the peer. */
  peerBatch: number;
}

const usual = { questions: 8, answers: 4, promptTokens: 100, answerTokens: 60, flat: 0, peerBatch: 8 };
const cases: readonly Case[] = [
  { ...usual, name: '160 tokens' },
  { ...usual, name: '160 tokens, half at zero advantage', flat: 0.5 },
  { ...usual, name: '640 tokens', questions: 2, promptTokens: 400, answerTokens: 240, peerBatch: 2 },
];

const Versions = z.object({ versions: z.record(z.string(), z.string()) });
const Trained = z.object({ seconds: z.number(), peakBytes: z.number() });

interface Result {
  case: Case;
  /** Tokens of all prompts and answers a second, trained or skipped, a number for each round. */
  own: number[];
  peer: number[];
}

export interface TrainBench {
  conditions: Conditions;
  results: (Result & { tokensPerSecond: number; peerTokensPerSecond?: number; ratio?: number })[];
  peerPeakGb?: number;
  /** Cosine of the gradients of this mode and the exact one on the first batch, all LoRA matrices together. */
  gradientCosine?: number;
}

/** `selfq bench train`: one update, against PyTorch + PEFT (fp32 weights, bf16 autocast). */
export async function trainTarget(
  args: BenchArguments,
  observer: BenchObserver,
): Promise<{ figures: TrainBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 3);
  const chosen = args.has('quick') ? cases.slice(0, 1) : cases;
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const peer = args.has('alone') ? undefined : await startTorch(args, model);
  try {
    const runtime = await model.start({ slots: 4, contextTokens: 1024 });
    const results: Result[] = [];
    let peakBytes = 0;
    let gradients: { batch: TrainSequence[]; own: Float32Array[] } | undefined;
    try {
      for (const shape of chosen) {
        const sequences = await batchOf(shape, model, runtime);
        const result: Result = { case: shape, own: [], peer: [] };
        const tokens = sequences.length * (shape.promptTokens + shape.answerTokens);
        // Before anything is updated, for the exact mode starts from the same adapter.
        gradients ??= { batch: sequences, own: await gradientOf(runtime, sequences) };
        // The first update prepares weights and plans.
        await update(runtime, sequences);
        for (let turn = 0; turn < rounds; turn++) {
          result.own.push(tokens / (await update(runtime, sequences)));
          if (peer) {
            const request = { op: 'train', sequences, batch: shape.peerBatch, precision: 'autocast' };
            const trained = await peer.process.ask(request, Trained);
            result.peer.push(tokens / trained.seconds);
            peakBytes = Math.max(peakBytes, trained.peakBytes);
          }
        }
        results.push(result);
      }
    } finally {
      await runtime.close();
    }
    const figures: TrainBench = {
      conditions: finish(peer?.versions ?? {}),
      results: results.map((result) => ({
        ...result,
        tokensPerSecond: round(median(result.own)),
        ...(peer && {
          peerTokensPerSecond: round(median(result.peer)),
          ratio: medianRatio(result.own, result.peer),
        }),
      })),
      ...(peer && { peerPeakGb: round(peakBytes / 1e9) }),
      ...(gradients && !model.precision.includes('exact') && { gradientCosine: await toExact(model, gradients) }),
    };
    return { figures, lines: describe(figures) };
  } finally {
    peer?.process.kill();
    await model.close();
  }
}

async function toExact(
  model: BenchModel,
  { batch, own }: { batch: TrainSequence[]; own: readonly Float32Array[] },
): Promise<number> {
  const exact = await model.start({ slots: 1, contextTokens: 512, trainPrecision: 'exact' });
  try {
    return Number(cosine(own, await gradientOf(exact, batch)).toFixed(4));
  } finally {
    await exact.close();
  }
}

async function startTorch(args: BenchArguments, model: BenchModel) {
  const python = await peerPython(args.text('python'), args.has('install-peers'));
  const folder = await modelFolder(model.file);
  const process = new PeerProcess('PyTorch', python, [peerScript('torch_peft.py')], { HF_HUB_OFFLINE: '1' });
  const request = { op: 'load', folder, rank: model.rank, threads: model.threads };
  const { versions } = await process.ask(request, Versions);
  return { process, versions };
}

/**
 * Answers that the model itself gives, since the gradient of a likely text is another one than that of noise. Short ones
 * are repeated up to the length of the case.
 */
async function batchOf(shape: Case, model: BenchModel, runtime: RuntimeProcess): Promise<TrainSequence[]> {
  const { questions, answers, promptTokens, answerTokens, flat } = shape;
  const { tokenizer } = model.file;
  const prompts = Array.from({ length: questions }, (_, i) => codeTokens(model.file, promptTokens, 10 * i));
  const completions = await runtime.call('generate', {
    requests: prompts.map((prompt, i) => ({
      prompt: { text: tokenizer.decode(prompt) },
      samples: answers,
      maxTokens: answerTokens,
      temperature: 1,
      seed: i,
    })),
    adapter: true,
  });
  const sequences = prompts.flatMap((promptTokenIds, question) =>
    (completions[question] ?? []).map(({ tokenIds }, answer) => ({
      id: `${question}.${answer}`,
      promptTokenIds,
      tokenIds: Array.from({ length: answerTokens }, (_, i) => tokenIds[i % tokenIds.length]!),
      // Centred within a group, as rewards are.
      advantage: question < flat * questions ? 0 : ((answer % 2) * 2 - 1) * (1 + (question % 3)),
    })),
  );
  const old = await runtime.call('logprobs', { sequences, adapter: true });
  return sequences.map((sequence, i) => ({ ...sequence, oldLogprobs: old[i] ?? [] }));
}

/** One optimiser step of a run with its default settings. */
export const options: TrainOptions = {
  lossType: 'dapo',
  epsilonLow: 0.2,
  epsilonHigh: 0.28,
  dualClip: 3,
  beta: 0,
  learningRate: 1e-5,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  weightDecay: 0,
  maxGradNorm: 1,
  miniBatchSequences: 0,
  maxCompletionTokens: 256,
};

/** Seconds. */
export async function update(runtime: RuntimeProcess, sequences: TrainSequence[]): Promise<number> {
  const start = performance.now();
  await runtime.call('train', { sequences, options });
  return (performance.now() - start) / 1000;
}

/**
 * The gradient of a batch, every LoRA matrix: an update that changes nothing and forgets at once leaves it in the first
 * moments of the optimiser, which a checkpoint holds.
 */
async function gradientOf(runtime: RuntimeProcess, sequences: TrainSequence[]): Promise<Float32Array[]> {
  const still = { ...options, learningRate: 0, adamBeta1: 0, maxGradNorm: Infinity };
  // Ratios of 1, whatever the precision: the gradient of the policy itself.
  const logprobs = await runtime.call('logprobs', { sequences, adapter: true });
  const onPolicy = sequences.map((sequence, i) => ({ ...sequence, oldLogprobs: logprobs[i] ?? [] }));
  await runtime.call('train', { sequences: onPolicy, options: still });
  const dir = await mkdtemp(join(tmpdir(), 'selfq-gradient-'));
  try {
    await runtime.call('saveCheckpoint', { dir, baseModel: 'bench' });
    const stored = await readSafetensors(join(dir, 'optimizer.safetensors'));
    return [...stored].filter(([name]) => name.includes('first')).map(([, { data }]) => data);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Of two gradients, all matrices together. */
function cosine(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, values] of a.entries()) {
    for (const [j, x] of values.entries()) {
      const y = b[i]?.[j] ?? NaN;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
  }
  return ab / Math.sqrt(aa * bb);
}

function describe({ conditions, results, peerPeakGb, gradientCosine }: TrainBench): string[] {
  const peer = peerPeakGb === undefined ? '' : `, against PyTorch + PEFT (peak ${peerPeakGb} GB)`;
  return [
    `Tokens a second in one update, prompts and answers, left-out ones counted${peer}.`,
    ...results.map(({ case: { name, questions, answers }, tokensPerSecond, peerTokensPerSecond, ratio }) =>
      [
        `${questions} x ${answers} answers, ${name}: ${tokensPerSecond}`,
        ...(ratio === undefined ? [] : [`${peerTokensPerSecond}`, `${ratio.toFixed(2)} x`]),
      ].join('  '),
    ),
    ...(gradientCosine === undefined ? [] : [`Gradient cosine to the exact mode: ${gradientCosine}`]),
    describeConditions(conditions),
  ];
}
