import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { modelWord } from '../../view/run-name.ts';
import { UntrustedError } from '../trust.ts';
import { chatVendor } from '../contributions.ts';
import { abortedBy } from './abort.ts';
import type { Asking } from './client.ts';
import type { ModelInUse } from './model-in-use.ts';
import type { Policy, PolicyServer, Served } from './server.ts';

type Message = vscode.LanguageModelChatRequestMessage;
type Model = vscode.LanguageModelChatInformation;

/** Ids of what is offered: they stay the same whichever run is in use. */
const ids = { base: 'base', trained: 'trained' } as const;

/** What the server's default context of 4,096 tokens is divided into. */
const limits = { maxInputTokens: 3072, maxOutputTokens: 1024 };
/** Where the one who asks says nothing: as the models of the catalogue recommend. */
const usualTemperature = 0.7;
/** Characters of a token, for counts while the model is not loaded. */
const charactersPerToken = 3.5;

/**
 * Offers the model in use and its base model to the chat and to other extensions; of a run that was deleted its base model
 * alone.
 */
export function registerChatProvider(server: PolicyServer, inUse: ModelInUse): vscode.Disposable {
  return vscode.lm.registerLanguageModelChatProvider(chatVendor, {
    onDidChangeLanguageModelChatInformation: inUse.onDidChange,
    provideLanguageModelChatInformation: () => (vscode.workspace.isTrusted ? offered(inUse) : []),
    provideLanguageModelChatResponse: (model, messages, { modelOptions = {} }, progress, token) =>
      withApiErrors(async () => {
        const signal = abortedBy(token);
        await server.use(policyOf(model, inUse), signal, async (served) => {
          const prompt = { messages: messages.map(turnOf) };
          const asking = { model: nameOf(model, served), prompt, ...samplingOf(modelOptions) };
          await served.client.ask(asking, signal, (text) => progress.report(new vscode.LanguageModelTextPart(text)));
        });
      }),
    provideTokenCount: (model, counted, token) =>
      withApiErrors(async () => {
        const policy = inUse.gone === undefined ? inUse.policy : inUse.basePolicy;
        if (!policy || !server.serves(policy)) {
          const text = typeof counted === 'string' ? counted : textOf(counted);
          return Math.ceil(text.length / charactersPerToken);
        }
        const signal = abortedBy(token);
        return server.use(policy, signal, async (served) => {
          const what = typeof counted === 'string' ? { prompt: counted } : { messages: [turnOf(counted)] };
          return (await served.client.count(nameOf(model, served), what, signal)).tokens;
        });
      }),
  });
}

function offered({ chosen, name, step, gone }: ModelInUse): Model[] {
  if (!chosen) {
    return [];
  }
  const common = { family: modelWord(chosen.model), ...limits, capabilities: {} };
  const base = {
    ...{ ...common, id: ids.base, name: modelWord(chosen.model), version: '0' },
    detail: vscode.l10n.t('before training'),
  };
  if (chosen.dir === undefined || gone !== undefined || step === undefined) {
    return [base];
  }
  const trained = {
    ...{ ...common, id: ids.trained, name, version: String(step), tooltip: chosen.dir },
    detail: vscode.l10n.t('after step {0}', String(step)),
  };
  return [trained, base];
}

/** What a model is served by. Throws BoundaryError('run') for one whose run was deleted, and where none is in use. */
function policyOf({ id }: Model, inUse: ModelInUse): Policy {
  const policy = id === ids.base ? inUse.basePolicy : inUse.policy;
  if (!policy) {
    throw new BoundaryError(
      'run',
      vscode.l10n.t('No model is in use.'),
      vscode.l10n.t('Choose one with the command Use This Model.'),
    );
  }
  return policy;
}

/** Throws BoundaryError('run') for the trained model where a base model alone is in use. */
function nameOf({ id }: Model, { base, trained }: Served): string {
  const name = id === ids.trained ? trained?.name : base;
  if (name === undefined) {
    throw new BoundaryError(
      'run',
      vscode.l10n.t('No trained model is in use.'),
      vscode.l10n.t('Choose one with the command Use This Model.'),
    );
  }
  return name;
}

function turnOf(message: Message): Prompt['messages'][number] {
  const role = message.role === vscode.LanguageModelChatMessageRole.Assistant ? 'assistant' : 'user';
  return { role, content: textOf(message) };
}

/** The text of a message, and of the results of tools in it. Throws BoundaryError('usage') for a picture. */
function textOf({ content }: Pick<Message, 'content'>): string {
  return content
    .map((part) => {
      if (part instanceof vscode.LanguageModelTextPart) {
        return part.value;
      }
      if (part instanceof vscode.LanguageModelToolResultPart) {
        return textOf(part);
      }
      if (part instanceof vscode.LanguageModelDataPart && part.mimeType.startsWith('image/')) {
        throw new BoundaryError('usage', vscode.l10n.t('This model reads text alone.'), '');
      }
      // Calls of tools, and marks of others that are no text.
      return '';
    })
    .join('');
}

/** The options that the server computes, by the names that they have in OpenAI's API. */
function samplingOf(options: Readonly<Record<string, unknown>>): Omit<Asking, 'model' | 'prompt'> {
  const number = (name: string): number | undefined => {
    const value = options[name];
    return typeof value === 'number' ? value : undefined;
  };
  const [topP, seed] = [number('top_p'), number('seed')];
  return {
    temperature: number('temperature') ?? usualTemperature,
    maxTokens: number('max_tokens') ?? limits.maxOutputTokens,
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** Failures as the API tells them apart; their messages say what to do. */
async function withApiErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BoundaryError)) {
      throw error;
    }
    const words = `${error.message} ${error.remedy}`.trim();
    if (error instanceof UntrustedError) {
      throw vscode.LanguageModelError.NoPermissions(words);
    }
    if (error.boundary === 'interrupted') {
      throw new vscode.CancellationError();
    }
    throw error.boundary === 'run' ? vscode.LanguageModelError.NotFound(words) : new Error(words, { cause: error });
  }
}
