import { randomInt, randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { JudgeResult, Problem } from '../../protocol/problem.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { extractCode } from '../../sandbox/judge/extract.ts';
import { isPending } from '../../view/trial.ts';
import type { TrialModel, TrialSide } from '../../view/trial-model.ts';
import { judgeProgram } from '../judge.ts';
import type { Services } from '../services.ts';
import { abortedBy } from './abort.ts';
import type { Policy, PolicyServer } from './server.ts';
import type { TrialQuestion } from './questions.ts';

/** Longest answer, tokens: as much as the context has room for behind a long question. */
const maxTokens = 1024;

type Which = 'base' | 'trained';

/** What is asked of both. */
export interface TrialRequest {
  policy: Policy;
  prompt: Prompt;
  question?: TrialQuestion;
  temperature: number;
  left: Which;
}

/** One question to the base and to the trained model at the same time, and what the sandbox says of the answers. */
export class Trial implements vscode.Disposable {
  readonly #services: Services;
  readonly #request: TrialRequest;
  readonly #changed: () => void;
  readonly #cancel = new vscode.CancellationTokenSource();
  readonly #sides: Record<Which, TrialSide> = {
    base: { state: 'waiting', text: '' },
    trained: { state: 'waiting', text: '' },
  };
  /** What a choice between the answers is kept under. */
  readonly pair: { id: string; seed: number; step: number };

  /** `changed`: told whenever an answer has grown. */
  constructor(services: Services, request: TrialRequest, changed: () => void) {
    this.#services = services;
    this.#request = request;
    this.#changed = changed;
    this.pair = { id: randomUUID(), seed: randomInt(2 ** 31), step: 0 };
  }

  /** The answers as they stand, left and right. */
  get sides(): NonNullable<TrialModel['sides']> {
    const { base, trained } = this.#sides;
    return this.#request.left === 'base' ? [base, trained] : [trained, base];
  }

  get pending(): boolean {
    return this.sides.some(isPending);
  }

  /** Asks both; resolves when both answers are there and judged. What fails is said in its answer. */
  async run(server: PolicyServer): Promise<void> {
    await Promise.all((['base', 'trained'] as const).map((which) => this.#answer(server, which)));
  }

  /** Ends both answers where they are. */
  stop(): void {
    this.#cancel.cancel();
  }

  dispose(): void {
    this.stop();
    this.#cancel.dispose();
  }

  async #answer(server: PolicyServer, which: Which): Promise<void> {
    try {
      await this.#write(server, which);
      const { question } = this.#request;
      if (question?.problem) {
        this.#set(which, { state: 'judging' });
        this.#set(which, { result: await this.#judge(question.problem, this.#sides[which].text) });
      }
      this.#set(which, { state: 'done' });
    } catch (error) {
      const interrupted = error instanceof BoundaryError && error.boundary === 'interrupted';
      this.#set(which, interrupted ? { state: 'stopped' } : { state: 'failed', error: sentenceOf(error) });
      if (!interrupted) {
        this.#services.log.error(error instanceof Error ? error : String(error));
      }
    }
  }

  async #write(server: PolicyServer, which: Which): Promise<void> {
    const { policy, prompt, temperature } = this.#request;
    const signal = abortedBy(this.#cancel.token);
    await server.use(policy, signal, async ({ client, base, trained }) => {
      const model = which === 'base' ? base : (trained?.name ?? base);
      this.pair.step = trained?.step ?? 0;
      const begun = Date.now();
      let text = prompt.prefill ?? '';
      this.#set(which, { state: 'writing', text });
      const asking = { model, prompt, temperature, seed: this.pair.seed, maxTokens };
      const { tokens, finishReason } = await client.ask(asking, signal, (piece) => {
        text += piece;
        this.#set(which, { text });
      });
      const seconds = (Date.now() - begun) / 1000;
      this.#set(which, { tokens, seconds, cut: finishReason === 'length' });
    });
  }

  async #judge(problem: Problem, text: string): Promise<NonNullable<TrialSide['result']>> {
    const code = extractCode(text, problem.kind === 'assertions' ? problem.language : 'javascript');
    return code
      ? resultOf(await judgeProgram(this.#services, { problem, ...code }, this.#cancel.token))
      : { verdict: 'CE', passed: 0, total: problem.tests.length, message: vscode.l10n.t('There is no program in it.') };
  }

  #set(which: Which, change: Partial<TrialSide>): void {
    this.#sides[which] = { ...this.#sides[which], ...change };
    this.#changed();
  }
}

/** Longest value that is shown of a test, in characters. */
const valueLength = 300;

function resultOf({ verdict, passed, total, tests, message }: JudgeResult): NonNullable<TrialSide['result']> {
  const failed = tests.find((test) => test.verdict !== 'AC');
  return {
    ...{ verdict, passed, total },
    ...optional('expected', failed?.expected?.slice(0, valueLength)),
    ...optional('actual', failed?.actual?.slice(0, valueLength)),
    ...optional('message', (message ?? failed?.message)?.slice(0, valueLength)),
  };
}

function sentenceOf(error: unknown): string {
  return error instanceof BoundaryError
    ? `${error.message} ${error.remedy}`.trim()
    : error instanceof Error
      ? error.message
      : String(error);
}
