import { shippedDomains } from '../domains/settings.ts';
import { runtimeSettings } from '../runtime/settings.ts';
import { runColumns } from '../view/run-rows.ts';
import type { Arguments, Options } from './arguments.ts';

/** A command's implementation; loaded when it is called, so that help and completion are instant. Returns the exit code. */
export type CommandAction = (args: Arguments) => Promise<number>;

/** A command: what help says of it, and how it is loaded. */
export interface Command {
  /** What stands behind the name, besides options. */
  parameters: string;
  positionals: number;
  summary: string;
  options: Options;
  load(): Promise<CommandAction>;
}

const json = { description: 'Only JSON on standard output.' };
const model = { value: 'MODEL', description: 'Name in the catalogue or on the hub (ORG/NAME), or a path.' };
const adapter = {
  value: 'DIR',
  description: 'A run (its latest checkpoint), one of its checkpoints, or an export; settings are those of the run.',
};
const device = {
  value: 'NAME',
  description: `Where the model runs: ${runtimeSettings.device.kind.choices.join(', ')}; \`selfq doctor\` says which work.`,
};
const set = { value: 'KEY=VALUE', multiple: true, description: 'Any setting; `selfq run --settings` lists them.' };

/** Every command of the program: the table behind parsing, help and suggestions. */
export const commands: Readonly<Record<string, Command>> = {
  run: {
    parameters: '',
    positionals: 0,
    summary: 'Let a model question itself and learn from it.',
    options: {
      domain: {
        value: 'NAME',
        description: `Field of the questions (${shippedDomains.join(', ')}), or a domain of your own: ./DIR or the name of a package.`,
      },
      topic: { value: 'TEXT', description: 'What the questions are about.' },
      model,
      preset: { value: 'NAME', description: 'quick (minutes), laptop (hours) or paper.' },
      steps: { value: 'N', description: 'Steps of self-play.' },
      out: { value: 'DIR', description: 'Folder of the run; default runs/<time>-<domain>.' },
      device,
      set,
      'paper-selection': {
        description:
          'Choose the best of all evaluated steps on the test questions, as the paper does; the result says so.',
      },
      estimate: { description: 'Say how long it would take here and how much memory it needs, and end.' },
      settings: { description: 'List every setting of the domain by owner, with its defaults, and end.' },
      detach: { description: 'Start the run and return; it continues in the background.' },
      queue: { description: 'Start it when the runs before it have ended; `selfq queue` lists them.' },
      json,
    },
    load: async () => (await import('./commands/run.ts')).run,
  },
  resume: {
    parameters: 'DIR',
    positionals: 1,
    summary: 'Continue a run that was paused, stopped or cut off.',
    options: {
      steps: { value: 'N', description: 'Continue to this step instead of the one first chosen.' },
      'changed-domain': {
        description: 'Continue although the file of the domain (one of your own) has changed since the run began.',
      },
      detach: { description: 'Start the run and return; it continues in the background.' },
      json,
    },
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  pause: {
    parameters: 'DIR',
    positionals: 1,
    summary: 'Hold a live run at the next safe point; `selfq resume` continues it.',
    options: {},
    load: async () => (await import('./commands/steer.ts')).pause,
  },
  stop: {
    parameters: 'DIR',
    positionals: 1,
    summary: 'End a live run; its last checkpoint stays.',
    options: {},
    load: async () => (await import('./commands/steer.ts')).stop,
  },
  status: {
    parameters: '[DIR]',
    positionals: 1,
    summary: 'Show a run, or all runs of the folder runs/.',
    options: { json },
    load: async () => (await import('./commands/status.ts')).status,
  },
  queue: {
    parameters: '[start | cancel NUMBER]',
    positionals: 2,
    summary: 'The runs that wait for each other: list them, start the first after a reboot, cancel one.',
    options: { json },
    load: async () => (await import('./commands/queue.ts')).queue,
  },
  runs: {
    parameters: '[FOLDER] | name DIR TEXT | tag DIR TAG,… | note DIR TEXT | clean DIR | remove DIR',
    positionals: 3,
    summary: 'The table of the runs of a folder (default runs/); name, tag and note one, remove it or old checkpoints.',
    options: {
      sort: { value: 'COLUMN', description: `${runColumns.join(', ')}; default date.` },
      reverse: { description: 'The other way round.' },
      yes: { description: 'clean, remove: without asking.' },
      json,
    },
    load: async () => (await import('./commands/runs.ts')).runs,
  },
  domain: {
    parameters: 'init NAME | check DIR | show DIR | list',
    positionals: 2,
    summary: 'Make a domain of your own (a folder with one typed file), check it, list those that there are.',
    options: {
      dir: { value: 'DIR', description: 'init: the folder to make; default ./NAME.' },
      json,
    },
    load: async () => (await import('./commands/domain.ts')).domain,
  },
  sweep: {
    parameters: 'FILE',
    positionals: 1,
    summary: 'Make the runs of a grid of settings and seeds one after another, and tabulate them; resumable.',
    options: {
      plan: { description: 'Show the runs, how far they are and how long the rest may take, and end.' },
      measure: { description: 'Make one step of the first run if none has been made, show the plan, and end.' },
      only: { value: 'VARIANT', multiple: true, description: 'Make the runs of this variant alone.' },
      out: { value: 'DIR', description: 'Folder of the runs; default runs.' },
      json,
    },
    load: async () => (await import('./commands/sweep.ts')).sweep,
  },
  eval: {
    parameters: '',
    positionals: 0,
    summary: 'Evaluate a model or adapter on a benchmark: greedy, or with several samples to each question.',
    options: {
      benchmark: {
        value: 'NAME',
        description:
          'A shipped benchmark (coding, functions, codeforces-style, …), an import, or a JSONL file of questions.',
      },
      domain: {
        value: 'NAME',
        description:
          'Domain that grades the questions of a file; default that of the run, or coding. ./DIR or a package: one of your own, on its own questions unless a benchmark is named.',
      },
      split: { value: 'PART', description: 'validation or test: that part of the benchmark alone.' },
      model,
      adapter,
      device,
      step: { value: 'N', description: 'The checkpoint of this step of the run, instead of its latest.' },
      samples: { value: 'K', description: 'Answers to each question; default 1, greedy. More give pass@k.' },
      temperature: { value: 'T', description: '0 = greedy; default of several samples: the setting temperature.' },
      seed: { value: 'S', description: 'What the samples are drawn from; default the setting seed.' },
      precision: {
        value: 'NAME',
        description: `${runtimeSettings.evalPrecision.kind.choices.join(', ')}; default the setting evalPrecision (${runtimeSettings.evalPrecision.default}).`,
      },
      set,
      limit: { value: 'N', description: 'Only the first N problems.' },
      'max-tokens': { value: 'N', description: 'Longest answer, tokens; default the setting maxAnswerTokens.' },
      problems: { description: 'Also a table of all problems.' },
      list: { description: 'List the shipped and imported benchmarks, and end.' },
      questions: { description: 'Print the questions of the benchmark with their prompts as JSON lines, and end.' },
      out: { value: 'FILE', description: 'Write the evaluation there. Interrupted, the same command continues it.' },
      json,
    },
    load: async () => (await import('./commands/eval.ts')).evalCommand,
  },
  compare: {
    parameters: 'A [B]',
    positionals: 2,
    summary: 'Compare two results of one benchmark, or a run before and after: the difference, and how sure it is.',
    options: {
      benchmark: {
        value: 'NAME',
        description: 'Of runs: the evaluations on this benchmark, such as "functions (test)".',
      },
      step: { value: 'N', description: 'Of runs: the evaluation after this step instead of the latest.' },
      answers: { description: 'Both answers to every problem won or lost, side by side.' },
      json,
    },
    load: async () => (await import('./commands/compare.ts')).compare,
  },
  import: {
    parameters: 'FILE | DIR | hub:ORG/NAME',
    positionals: 1,
    summary: 'Take the questions of a data set as a benchmark; list and remove such imports.',
    options: {
      format: {
        value: 'NAME',
        description:
          'auto (default: by the columns), eurus-2, eurus-2-math, multipl-e, humaneval, mbpp, code-contests, problems or gsm8k.',
      },
      name: { value: 'NAME', description: 'As which it is evaluated; default the name of the file.' },
      limit: { value: 'N', description: 'At most N questions.' },
      list: { description: 'List the imports, and end.' },
      remove: { value: 'NAME', description: 'Delete an import, and end; results on it stay.' },
      json,
    },
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  seeds: {
    parameters: '[DIR]',
    positionals: 1,
    summary:
      'List the functions of a folder that `run --domain workspace` makes problems from, and why others are none.',
    options: {
      exclude: {
        value: 'GLOB',
        multiple: true,
        description: 'Files or functions (FILE#NAME) that are not wanted, such as test/** or *.spec.ts.',
      },
      rejected: { description: 'Also every function that is none, with the reason.' },
      json,
    },
    load: async () => (await import('./commands/seeds.ts')).seeds,
  },
  judge: {
    parameters: '',
    positionals: 0,
    summary: 'Run solutions against tests in the sandbox.',
    options: {
      problem: { value: 'FILE', description: 'A problem as JSON.' },
      solution: { value: 'FILE', description: 'A program in JavaScript, TypeScript (.ts) or Python (.py).' },
      batch: {
        value: 'FILE',
        description: 'JSONL (- = standard input), each line {problem, solution, language?}; one result line each.',
      },
      workers: { value: 'N', description: 'Programs that run at once; default one per core.' },
      json,
    },
    load: async () => (await import('./commands/judge.ts')).judge,
  },
  generate: {
    parameters: '',
    positionals: 0,
    summary: 'Completions for prompts of a file.',
    options: {
      model,
      adapter,
      device,
      set,
      prompts: { value: 'FILE', description: 'JSONL, each line {messages} or {prompt}.' },
      temperature: { value: 'T', description: '0 = greedy; default the setting temperature.' },
      'max-tokens': { value: 'N', description: 'Longest completion, tokens; default the setting maxAnswerTokens.' },
      seed: { value: 'S', description: 'Default the setting seed.' },
      json,
    },
    load: async () => (await import('./commands/generate.ts')).generate,
  },
  models: {
    parameters: '[list | pull MODEL | verify [MODEL]]',
    positionals: 2,
    summary: 'Models: list them, fetch one (of the catalogue, or ORG/NAME[/FILE.gguf] of the hub), check them.',
    options: { from: { value: 'PATH', description: 'pull: take this file instead of fetching it.' }, json },
    load: async () => (await import('./commands/models.ts')).models,
  },
  export: {
    parameters: 'DIR',
    positionals: 1,
    summary: 'Write the adapter, the model or the data of a run in a form that others read.',
    options: {
      format: { value: 'NAME', description: 'peft, gguf-lora, merged, dataset, pool, harbor, report or tensorboard.' },
      step: { value: 'N', description: 'peft, gguf-lora, merged: the checkpoint of this step instead of the latest.' },
      precision: { value: 'NAME', description: 'merged: bf16 (default) or fp32.' },
      out: { value: 'PATH', description: 'Default <run>/export/<format>.' },
      json,
    },
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  serve: {
    parameters: '',
    positionals: 0,
    summary:
      "The judge as an HTTP server (POST /judge, /run_code) with the domains (/domain/…), or with a model the policy (OpenAI's /v1, llama.cpp's /infill).",
    options: {
      model,
      adapter: {
        value: 'DIR',
        multiple: true,
        description: 'A run or an adapter that is served beside its model; may be repeated.',
      },
      device,
      set: { ...set, description: 'With a model: any setting of the runtime, such as threads=4.' },
      context: {
        value: 'N',
        description: 'With a model: longest prompt plus completion, tokens; default 4096, or what the model has.',
      },
      slots: { value: 'N', description: 'With a model: completions that are generated at once; default 8.' },
      'idle-minutes': {
        value: 'N',
        description: 'With a model: its memory is given back after so long without a request; default 15, 0 = never.',
      },
      port: { value: 'N', description: 'Default: any free one.' },
      host: { value: 'ADDRESS', description: 'Default 127.0.0.1; another one only together with --token.' },
      token: {
        value: 'SECRET',
        description: 'Asked of every request as Authorization: Bearer SECRET; default what SELFQ_TOKEN holds.',
      },
      owned: {
        description:
          'With a model: the secret is the first line of standard input, and the server ends when that does.',
      },
      workers: { value: 'N', description: 'Programs that run at once; default one per core.' },
      'max-in-flight': {
        value: 'N',
        description: 'Programs, answers and proposals that wait at most, beyond which requests get 429; default 1024.',
      },
      json,
    },
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  scale: {
    parameters: 'export-config [RUN]',
    positionals: 2,
    summary: 'Settings for the trainer on verl (many GPUs; scale/verl): those of a run, or of a preset.',
    options: {
      domain: { value: 'NAME', description: `Field of the questions (${shippedDomains.join(', ')}).` },
      topic: { value: 'TEXT', description: 'What the questions are about.' },
      model,
      preset: { value: 'NAME', description: 'quick, laptop or paper; not together with a run.' },
      steps: { value: 'N', description: 'Steps of self-play.' },
      set,
      base: {
        value: 'MODEL',
        description: 'Weights that verl loads: ORG/NAME or a folder; default what the model was made of.',
      },
      server: {
        value: 'URL',
        multiple: true,
        description: 'Address of `selfq serve`; may be repeated. Default http://127.0.0.1:8177.',
      },
      'run-dir': { value: 'DIR', description: 'Folder of the run that verl makes; default runs/verl.' },
      out: { value: 'FILE', description: 'Write there instead of to standard output.' },
    },
    load: async () => (await import('./commands/scale.ts')).scale,
  },
  bench: {
    parameters: 'generate | train | step | learn | sandbox | domains | serve | adapter',
    positionals: 1,
    summary: 'Measure a part of the program on this machine, beside what one would use without it.',
    options: {
      quick: { description: 'A tenth of the work: a first idea.' },
      model,
      threads: { value: 'N', description: 'Threads of this program and of the others; default: one per core.' },
      precision: { value: 'NAME', description: 'strict (training: exact) or balanced; default as a run has it.' },
      rows: { value: 'LIST', description: 'generate: rows that decode at once; default 1,32,64.' },
      'prompt-tokens': { value: 'N', description: 'generate: tokens in front of those that are timed; default 200.' },
      formats: { value: 'LIST', description: 'generate: files for llama.cpp; default own,Q4_0,Q8_0.' },
      steps: { value: 'N', description: 'learn: steps on the same problems; default 30.' },
      seed: { value: 'N', description: 'learn: seed of the adapter and of what is sampled; default 1.' },
      reward: { value: 'NAME', description: 'learn: tests (default), or format, the baseline.' },
      adapter: { value: 'RUN', description: 'adapter: a run or a checkpoint, compared with llama.cpp.' },
      'new-tokens': { value: 'N', description: 'adapter: tokens of a continuation at most; default 32.' },
      repeats: { value: 'N', description: 'Rounds, in which all take turns; default 3.' },
      alone: { description: 'Measure this program alone.' },
      'install-peers': { description: 'Install what it is compared with into the cache folder first.' },
      'no-sleep': { description: 'step: sampler and trainer both stay in memory (setting sleepMode=off).' },
      python: { value: 'PATH', description: 'A Python that has the packages to compare with.' },
      json,
    },
    load: async () => (await import('./commands/bench.ts')).bench,
  },
  doctor: {
    parameters: '',
    positionals: 0,
    summary: 'Check this machine, and say how to mend what is wrong.',
    options: { json },
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
};
