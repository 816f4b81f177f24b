import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolderSync } from '../../base/make-folder.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Alarm, Evaluation, RunRecord } from '../../protocol/records.ts';
import { answeredQuestions } from '../asked-questions.ts';
import { findCheckpoint } from '../checkpoint.ts';
import { explainFileError, writeFileAtomic } from '../../base/files.ts';
import { readPreferences } from '../preferences.ts';
import { readEvaluations, readRun, recordedSteps } from '../folder.ts';

/**
 * Copies the adapter of a checkpoint (the latest without `step`) to `out`, as PEFT loads it, with a README that says
 * where it comes from. Returns the step. Throws BoundaryError('usage') for a run that trained all weights.
 */
export function exportAdapter(runDir: string, out: string, step?: number): number {
  const checkpoint = findCheckpoint(runDir, step);
  assertAdapter(readRun(runDir));
  try {
    makeFolderSync(out);
    for (const name of ['adapter_model.safetensors', 'adapter_config.json']) {
      copyFileSync(join(checkpoint.dir, name), join(out, name));
    }
  } catch (error) {
    throw explainFileError(error, out);
  }
  writeFileAtomic(join(out, 'README.md'), exportReadme(runDir, checkpoint.step, 'adapter'));
  return checkpoint.step;
}

/** Throws BoundaryError('usage') for a run that trained all weights: it has no adapter. */
export function assertAdapter(run: RunRecord): void {
  if (isFullyTrained(run)) {
    throw new BoundaryError(
      'usage',
      'This run trained every weight of its model: there is no adapter.',
      'Export the model itself with --format merged.',
    );
  }
}

/** Modelfile by which `ollama create` makes the trained model of its base model's file and adapter.gguf. */
export function ollamaModelfile({ id }: RunRecord, basePath: string): string {
  return [`# ollama create ${id} -f Modelfile`, `FROM ${basePath}`, 'ADAPTER ./adapter.gguf', ''].join('\n');
}

function isFullyTrained({ config }: RunRecord): boolean {
  return config['trainedWeights'] === 'full';
}

/**
 * Writes every question of a run as one JSON line: statement, the domain's own content (in coding problem and reference
 * solution), and the answers with reward and mark. Returns the number of questions.
 */
export function exportDataset(runDir: string, file: string): number {
  const rows = recordedSteps(runDir).flatMap((step) =>
    answeredQuestions(runDir, step).map(({ question: { id, statement, content, label, solveRate }, answers }) => ({
      step,
      id,
      statement,
      ...(content as object),
      ...(label ? { label: label.value } : {}),
      solveRate: solveRate ?? null,
      answers: answers.map(({ answer, text, reward, mark, detail }) => ({
        answer,
        text,
        reward: reward ?? null,
        mark,
        ...(detail?.kind === 'tests'
          ? { verdict: detail.result.verdict, passed: detail.result.passed, total: detail.result.total }
          : {}),
      })),
    })),
  );
  writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return rows.length;
}

/**
 * Writes the preferences of a run as trainers of preferences read them (TRL: prompt, chosen and rejected as messages), one
 * JSON line each; ties say nothing to them. Returns their number; without any no file is written.
 */
export function exportPreferences(runDir: string, file: string): number {
  const rows = readPreferences(runDir).flatMap(({ messages, preferred, base, trained }) => {
    const answer = ({ text }: { text: string }): object[] => [{ role: 'assistant', content: text }];
    const [chosen, rejected] = preferred === 'base' ? [base, trained] : [trained, base];
    return preferred === 'tie' ? [] : [{ prompt: messages, chosen: answer(chosen), rejected: answer(rejected) }];
  });
  if (rows.length > 0) {
    writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  return rows.length;
}

/**
 * The card of an exported data set as hubs of data sets read it (their README.md): what a row holds, where the rows come from,
 * and what they are not.
 */
export function dataCard(
  runDir: string,
  { questions, preferences }: { questions: number; preferences: number },
): string {
  const run = readRun(runDir);
  const size = questions < 1000 ? 'n<1K' : questions < 10_000 ? '1K<n<10K' : '10K<n<100K';
  const more =
    preferences === 0
      ? []
      : [`${preferences} preferences between two answers are in the file beside it (prompt, chosen, rejected).`, ''];
  return [
    '---',
    'language: en',
    `size_categories: [${size}]`,
    `tags: [synthetic, self-play, ${String(run.config['domainName'] || run.config['domain'])}]`,
    '---',
    '',
    `# Questions and answers of ${run.id}`,
    '',
    `${questions} questions that ${run.model.id} wrote for itself in ${run.step} steps of asymmetric self-play`,
    '(Self-Questioning Language Models, arXiv 2508.03682), with its own answers.',
    `Model file: ${basename(run.model.path)}, sha256 ${run.model.hash}. Its licence may apply to what it wrote.`,
    '',
    '| field | |',
    '|---|---|',
    '| `step`, `id` | when it was asked |',
    '| `statement` | the question |',
    '| `problem`, `reference` | of programming problems: the tests, and the solution of the proposer; other domains have fields of their own |',
    '| `label` | the answer that the model elected itself, where no tests tell; it may be wrong |',
    '| `solveRate` | mean reward of the answers, in [0, 1] |',
    '| `answers` | `answer`, whole `text`, `reward`, `mark`, and the verdict of the tests |',
    '',
    ...more,
    'Everything in it was written by a language model and judged by programs, not by people: tests and statements of some',
    'questions disagree, and answers that pass may be wrong.',
    '',
    '## Settings',
    '',
    ...Object.entries(run.config).map(([name, value]) => `- ${name}: ${value}`),
    '',
  ].join('\n');
}

/** README.md of what is exported of a run after `step` steps: where it comes from, how it does, how to load it. */
export function exportReadme(runDir: string, step: number, kind: keyof typeof usage): string {
  const run = readRun(runDir);
  const base = `Base model file: ${basename(run.model.path)}, sha256 ${run.model.hash}. Its licence applies to this too.`;
  const origin = `after ${step} steps of asymmetric self-play (Self-Questioning Language Models, arXiv 2508.03682).`;
  const head =
    kind !== 'merged'
      ? [`# Adapter of ${run.id}`, '', `LoRA adapter for ${run.model.id} ${origin}`, base]
      : [
          `# ${run.model.id} after ${run.id}`,
          '',
          `${run.model.id} with ${isFullyTrained(run) ? 'all of its weights trained' : 'its LoRA adapter merged in'}, ${origin}`,
          base,
          ...sixteenBits,
        ];
  return [
    ...head,
    '',
    ...usage[kind],
    '',
    ...resultLines(readEvaluations(runDir), step),
    '',
    ...alarmLines(run.alarms, step),
    '## Settings',
    '',
    ...Object.entries(run.config).map(([name, value]) => `- ${name}: ${value}`),
    '',
  ].join('\n');
}

/** Why a merged model is not made smaller again. */
const sixteenBits = [
  '',
  'It is stored in 16 or 32 bits. Quantised to 4 bits it would lose its training: what training changed is smaller than',
  "the steps of a 4-bit grid, so that nearly every weight would be the base model's again. To use it with a 4-bit model,",
  'export the adapter (`--format gguf-lora` for llama.cpp and Ollama, `--format peft` for Python) and load it beside.',
];

/** How each kind is used, as lines of Markdown. */
const usage = {
  adapter: [
    '```python',
    'from peft import PeftModel',
    'model = PeftModel.from_pretrained(base_model, "this folder")',
    '```',
    '',
    '`base_model` must be the model named in adapter_config.json.',
  ],
  'gguf-lora': [
    'adapter.gguf is loaded beside a GGUF file of the base model, best the very file that the run was begun with:',
    '',
    '```sh',
    'llama-cli -m BASE.gguf --lora adapter.gguf',
    'llama-server -m BASE.gguf --lora adapter.gguf',
    'ollama create NAME -f Modelfile && ollama run NAME',
    '```',
    '',
    'Modelfile names the file of the base model on the machine that exported the adapter.',
  ],
  merged: [
    '```python',
    'from transformers import AutoModelForCausalLM, AutoTokenizer',
    'model = AutoModelForCausalLM.from_pretrained("this folder")',
    'tokenizer = AutoTokenizer.from_pretrained("this folder")',
    '```',
  ],
} as const;

/** What was wrong with the run up to the exported step. */
function alarmLines(alarms: readonly Alarm[], step: number): string[] {
  const before = alarms.filter(({ since }) => since <= step);
  if (before.length === 0) {
    return [];
  }
  const lines = before.map(({ since, last, cleared, message }) => {
    const steps = cleared === undefined ? `since step ${since}` : `steps ${since} to ${last}`;
    return `- ${steps}: ${message}`;
  });
  return ['## Alarms', '', ...lines, ''];
}

function resultLines(evaluations: readonly Evaluation[], step: number): string[] {
  const results = evaluations
    .filter((evaluation) => evaluation.step === 0 || evaluation.step === step)
    .map(({ benchmark, split, step: at, total, samples, accuracy, interval, meanScore }) => {
      const [share, ...bounds] = [accuracy, ...interval].map((value) => `${(100 * value).toFixed(1)} %`);
      const part = split === undefined ? benchmark : `${benchmark} (${split})`;
      const answers = samples === 1 ? `${total}` : `${total} × ${samples}`;
      return `| ${at} | ${part} | ${share} of ${answers} (${bounds.join(' to ')}) | ${meanScore.toFixed(3)} |`;
    });
  if (results.length === 0) {
    return ['It was not evaluated.'];
  }
  return ['| step | benchmark | answers right (95 % interval) | mean score |', '|---|---|---|---|', ...results];
}
