import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { TrainSequence } from '../src/protocol/runtime.ts';
import type { RuntimeProcess } from '../src/runtime/process/client.ts';
import { peakRssMb } from '../src/sandbox/host/platform.ts';
import { describeConditions, median, medianRatio, noteConditions, round, type Conditions } from './measure.ts';
import { peerScript, peersDir } from './peers/folder.ts';
import { peerPython } from './peers/install.ts';
import { modelFolder } from './peers/model-folder.ts';
import { PeerProcess } from './peers/process.ts';
import { codeTokens, openBenchModel, type BenchArguments, type BenchObserver, type BenchModel } from './policy.ts';
import { update } from './train.ts';

const questions = 8;
const answers = 4;
const promptTokens = 100;
const answerTokens = 64;
/** Sequences of one micro-batch of the peer: the quickest that stays below 8 GB with the default model. */
const peerBatch = 8;

const Versions = z.object({ versions: z.record(z.string(), z.string()) });
const Stepped = z.object({ seconds: z.number(), meanTokens: z.number(), peakBytes: z.number() });

interface OwnStep {
  seconds: number;
  generateSeconds: number;
  trainSeconds: number;
  /** Tokens that were generated. */
  tokens: number;
}

export interface StepBench {
  conditions: Conditions;
  own: OwnStep[];
  peer: z.infer<typeof Stepped>[];
  /** Seconds, medians; the peer's by the precision that was chosen. */
  seconds: number;
  peerSeconds?: number;
  /** Seconds for each generated token, peer to own: answers here may end before 64 tokens. */
  ratio?: number;
  /** Most memory that the runtime process held; null where the platform does not tell. */
  peakGb: number | null;
}

/** `selfq bench step`: a whole GRPO step without the judging, against TRL's GRPOTrainer. */
export async function stepTarget(
  args: BenchArguments,
  observer: BenchObserver,
): Promise<{ figures: StepBench; lines: string[] }> {
  const rounds = args.integer('repeats', 1) ?? (args.has('quick') ? 1 : 2);
  const model = await openBenchModel(args, observer);
  const finish = noteConditions(model);
  const prompts = Array.from({ length: questions }, (_, i) =>
    model.file.tokenizer.decode(codeTokens(model.file, promptTokens, 10 * i)),
  );
  const peer = args.has('alone') ? undefined : await startTrl(args, model, prompts);
  const sleepMode = args.has('no-sleep') ? 'off' : 'on';
  const runtime = await model.start({ slots: questions * answers, contextTokens: 512, sleepMode });
  try {
    const own: OwnStep[] = [];
    const theirs: z.infer<typeof Stepped>[] = [];
    // Of two steps of each the second counts: the first prepares what later ones find ready, and finds its memory as the
    // system left it while the other one worked for minutes.
    for (let turn = 0; turn < rounds; turn++) {
      await ownStep(runtime, prompts, 2 * turn);
      own.push(await ownStep(runtime, prompts, 2 * turn + 1));
      if (peer && !args.has('quick')) {
        await peer.process.ask({ go: true }, Stepped);
      }
      if (peer) {
        theirs.push(await peer.process.ask({ go: true }, Stepped));
      }
    }
    const perToken = own.map(({ seconds, tokens }) => seconds / tokens);
    const peerPerToken = theirs.map(({ seconds, meanTokens }) => seconds / (meanTokens * questions * answers));
    const peakMb = peakRssMb(runtime.pid);
    const figures: StepBench = {
      conditions: finish(peer?.versions ?? {}),
      own,
      peer: theirs,
      seconds: round(median(own.map(({ seconds }) => seconds))),
      ...(peer && {
        peerSeconds: round(median(theirs.map(({ seconds }) => seconds))),
        ratio: medianRatio(peerPerToken, perToken),
      }),
      peakGb: peakMb === undefined ? null : round((peakMb * 2 ** 20) / 1e9),
    };
    return { figures, lines: describe(figures) };
  } finally {
    peer?.process.kill();
    await runtime.close();
    await model.close();
  }
}

async function startTrl(args: BenchArguments, model: BenchModel, prompts: readonly string[]) {
  const python = await peerPython(args.text('python'), args.has('install-peers'));
  const output = join(peersDir(), 'trl');
  await mkdir(output, { recursive: true });
  const settings = {
    folder: await modelFolder(model.file),
    output,
    prompts,
    answers,
    tokens: answerTokens,
    batch: peerBatch,
    rank: model.rank,
    threads: model.threads,
    precision: 'autocast',
  };
  const command = [peerScript('trl_grpo.py'), JSON.stringify(settings)];
  const process = new PeerProcess('TRL', python, command, { HF_HUB_OFFLINE: '1' });
  const { versions } = await process.ask({}, Versions);
  return { process, versions };
}

/** Generates, rewards, and updates, as a step of self-play does with what its sandboxes return. */
async function ownStep(runtime: RuntimeProcess, prompts: readonly string[], seed: number): Promise<OwnStep> {
  const start = performance.now();
  const completions = await runtime.call('generate', {
    requests: prompts.map((text, i) => ({
      prompt: { text },
      samples: answers,
      maxTokens: answerTokens,
      temperature: 1,
      seed: 100 * seed + i,
    })),
    adapter: true,
  });
  const generated = performance.now();
  const sequences = completions.flatMap((group, question): TrainSequence[] => {
    // Any reward that differs within a group, as for the peer.
    const rewards = group.map(({ tokenIds }) => tokenIds.reduce((sum, id) => sum + id, 0) % 7);
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    return group.map(({ promptTokenIds, tokenIds, logprobs }, answer) => ({
      id: `${question}.${answer}`,
      promptTokenIds,
      tokenIds,
      advantage: (rewards[answer] ?? 0) - mean,
      oldLogprobs: logprobs,
    }));
  });
  const trainSeconds = await update(runtime, sequences);
  return {
    seconds: (performance.now() - start) / 1000,
    generateSeconds: (generated - start) / 1000,
    trainSeconds,
    tokens: sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0),
  };
}

function describe({ conditions, own, seconds, peer, peerSeconds, ratio, peakGb }: StepBench): string[] {
  const mean = (values: readonly number[]) => round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const tokens = mean(own.map((step) => step.tokens / (questions * answers)));
  return [
    `A GRPO step: ${questions} prompts x ${answers} answers x ${answerTokens} tokens.`,
    `Here: ${seconds} s (generation ${mean(own.map((step) => step.generateSeconds))} s, update ` +
      `${mean(own.map((step) => step.trainSeconds))} s), ${tokens} tokens an answer, peak memory ${peakGb ?? '?'} GB`,
    ...(peerSeconds === undefined || ratio === undefined
      ? []
      : [
          `TRL: ${peerSeconds} s, ${mean(peer.map((step) => step.meanTokens))} tokens an answer, peak memory ` +
            `${round(Math.max(...peer.map((step) => step.peakBytes)) / 1e9)} GB`,
          `${ratio.toFixed(2)} x, by time for each generated token`,
        ]),
    describeConditions(conditions),
  ];
}
