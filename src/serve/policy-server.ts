import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { refusalOf } from '../http/guards.ts';
import { assertAddress, listen, type Address, type App, type Listening } from '../http/listen.ts';
import type { DrawnToken, GenerateRequest } from '../protocol/runtime.ts';
import { chatShape, type Head, infillShape, type Sample, type Shape, textShape } from './answers.ts';
import { fillInMiddlePrompt, fillInMiddleStops, type Gap } from './fill-in-middle.ts';
import {
  ChatRequest,
  CompletionRequest,
  contradicts,
  InfillRequest,
  promptOf,
  samplingOf,
  TokenizeRequest,
  unsupportedOption,
} from './requests.ts';
import type { PolicyService } from './service.ts';

/** Where the server listens, and what it serves. */
export interface PolicyServerOptions extends Address {
  service: PolicyService;
  /** Requests accepted and not yet answered; beyond it they get 429. Default 256. */
  maxInFlight?: number;
}

type ServerContext = Context<{ Bindings: HttpBindings }>;

/** One request as the service takes it. */
interface Work {
  model: string;
  requests: GenerateRequest[];
  shape: Shape;
  stream: boolean;
  includeUsage: boolean;
  idPrefix: string;
}

/** What is wrong with a request, as its answer. */
class Refusal extends Error {
  readonly status: 400 | 404 | 429 | 501;
  readonly code: string | null;

  constructor(status: Refusal['status'], message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const largestBody = 16 * 1024 * 1024;
/** How many tokens are drawn where the client sets no limit, as far as the context has room. */
const usualMaxTokens = 2048;

/**
 * A policy over HTTP in the shapes that clients know: OpenAI's /v1/models, /v1/chat/completions and /v1/completions, and
 * llama.cpp's /infill, and vLLM's /tokenize without the tokens. What would change an answer and is not computed is refused by name. Throws BoundaryError: 'usage'
 * for an open address without a token, 'environment' where the port is taken.
 */
export async function startPolicyServer(options: PolicyServerOptions): Promise<Listening> {
  assertAddress(options);
  const { service, host = '127.0.0.1', token, maxInFlight = 256 } = options;
  const app: App = new Hono();
  let inFlight = 0;

  app.use(async (context, next) => {
    const refusal = refusalOf(context.env.incoming, host, token);
    return refusal ? context.json(errorBody(refusal.error, 'access'), refusal.status) : next();
  });
  app.use(
    bodyLimit({
      maxSize: largestBody,
      onError: (context) => context.json(errorBody('The request is too large.'), 413),
    }),
  );
  app.notFound((context) => context.json(errorBody('There is no such page.'), 404));
  app.onError((error, context) =>
    error instanceof Refusal
      ? context.json(errorBody(error.message, error.code), error.status)
      : context.json(failureBody(error), statusOf(error)),
  );

  const models = service.models.map(({ id, created, description }) => ({
    ...{ id, object: 'model', created, owned_by: 'self-questioning', description },
  }));
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/v1/models', (context) => context.json({ object: 'list', data: models }));
  app.get('/v1/models/:id{.+}', (context) => {
    const model = models.find(({ id }) => id === context.req.param('id'));
    return model ? context.json(model) : context.json(errorBody('There is no such model.', 'model_not_found'), 404);
  });

  const answer = (read: (body: Record<string, unknown>) => Work) => async (context: ServerContext) => {
    if (inFlight >= maxInFlight) {
      context.header('Retry-After', '1');
      throw new Refusal(429, 'Too many requests are waiting.', 'rate_limit_exceeded');
    }
    const work = read(await readBody(context));
    inFlight++;
    const done = (): void => {
      inFlight--;
    };
    return work.stream ? answerByStream(context, service, work, done) : answerWhole(context, service, work, done);
  };
  app.post(
    '/v1/chat/completions',
    answer((body) => chatWork(service, body)),
  );
  app.post(
    '/v1/completions',
    answer((body) => completionWork(service, body)),
  );
  app.post(
    '/infill',
    answer((body) => infillWork(service, body)),
  );
  app.post('/tokenize', async (context) => context.json(await tokenize(service, await readBody(context))));
  return listen(app, options, () => inFlight);
}

function chatWork(service: PolicyService, body: Record<string, unknown>): Work {
  const request = parse(ChatRequest, body);
  if (contradicts(request)) {
    throw new Refusal(
      400,
      'continue_final_message continues a last message of the assistant, together with add_generation_prompt: false.',
      'invalid_value',
    );
  }
  const { n, max_tokens, max_completion_tokens, logprobs, stream, stream_options } = request;
  const maxTokens = max_completion_tokens ?? max_tokens ?? usualMaxTokens;
  return {
    model: modelOf(service, request.model),
    requests: [{ prompt: promptOf(request), samples: n ?? 1, ...samplingOf(request, { temperature: 1, maxTokens }) }],
    shape: chatShape({ logprobs: logprobs ?? false }),
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    idPrefix: 'chatcmpl',
  };
}

function completionWork(service: PolicyService, body: Record<string, unknown>): Work {
  const request = parse(CompletionRequest, body);
  const { prompt, suffix, n, max_tokens, logprobs, stream, stream_options } = request;
  const sampling = samplingOf(request, { temperature: 1, maxTokens: max_tokens ?? usualMaxTokens });
  const fills = typeof suffix === 'string' && suffix !== '';
  const requests = [prompt].flat().map((text) => ({
    samples: n ?? 1,
    ...sampling,
    ...(fills ? fillingOf(service, { prefix: text, suffix }, sampling.stop) : { prompt: { text } }),
  }));
  return {
    model: modelOf(service, request.model),
    requests,
    shape: textShape({ logprobs: typeof logprobs === 'number' }),
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    idPrefix: 'cmpl',
  };
}

function infillWork(service: PolicyService, body: Record<string, unknown>): Work {
  const request = parse(InfillRequest, body);
  const { input_prefix, input_suffix, input_extra, prompt, n_predict, stream } = request;
  const maxTokens = typeof n_predict === 'number' && n_predict > 0 ? n_predict : usualMaxTokens;
  const sampling = samplingOf(request, { temperature: 0.8, maxTokens });
  const gap = { prefix: input_prefix, suffix: input_suffix, begun: prompt ?? '', context: input_extra ?? [] };
  return {
    model: modelOf(service, request.model),
    requests: [{ samples: 1, ...sampling, ...fillingOf(service, gap, sampling.stop) }],
    shape: infillShape,
    stream: stream ?? false,
    includeUsage: false,
    idPrefix: 'infill',
  };
}

async function tokenize(service: PolicyService, body: Record<string, unknown>): Promise<object> {
  const { model, messages, prompt } = parse(TokenizeRequest, body);
  modelOf(service, model);
  if ((messages === undefined) === (prompt === undefined)) {
    throw new Refusal(400, 'Give either messages or a prompt.', 'invalid_value');
  }
  const count = await service.countTokens(messages ? promptOf({ messages }) : { text: prompt ?? '' });
  return { count, max_model_len: service.contextTokens };
}

function fillingOf(
  service: PolicyService,
  gap: Gap,
  stop: readonly string[] = [],
): Pick<GenerateRequest, 'prompt' | 'stop'> {
  if (!service.fillsInMiddle) {
    throw new Refusal(
      501,
      'This model has no tokens for filling in the middle. Serve one that has, such as qwen2.5-coder-0.5b.',
      'not_supported',
    );
  }
  return { prompt: { text: fillInMiddlePrompt(gap) }, stop: [...stop, ...fillInMiddleStops] };
}

/** Without a name it is the one that is listed first. */
function modelOf({ models }: PolicyService, name: string | undefined): string {
  const model = name === undefined ? models[0] : models.find(({ id }) => id === name);
  if (!model) {
    const known = models.map(({ id }) => id).join(', ');
    throw new Refusal(404, `The model "${name}" is not served here; these are: ${known}.`, 'model_not_found');
  }
  return model.id;
}

function parse<T extends z.ZodObject>(schema: T, body: Record<string, unknown>): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Refusal(400, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`, 'invalid_value');
  }
  const option = unsupportedOption(body, schema.shape);
  if (option !== undefined) {
    throw new Refusal(
      400,
      `The option ${option} is not computed here with the value ${JSON.stringify(body[option]).slice(0, 100)}. Leave it out.`,
      'unsupported_parameter',
    );
  }
  return parsed.data;
}

async function readBody(context: ServerContext): Promise<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await context.req.text()));
  } catch {
    throw new Refusal(400, 'The body is not a JSON object.', 'invalid_json');
  }
}

/** Completes all requests of `work`; samples are numbered through, as the choices of the answer. */
async function completeAll(
  service: PolicyService,
  { model, requests }: Work,
  signal: AbortSignal,
  onText: (index: number, text: string, tokens: readonly DrawnToken[]) => void,
): Promise<Sample[]> {
  const perRequest = requests.map(async (request, position) => {
    const first = position * request.samples;
    const drawn: DrawnToken[][] = Array.from({ length: request.samples }, () => []);
    const completions = await service.complete(model, request, {
      signal,
      onText(sample, text, tokens) {
        drawn[sample]?.push(...tokens);
        onText(first + sample, text, tokens);
      },
    });
    return completions.map((completion, sample) => ({
      index: first + sample,
      completion,
      tokens: drawn[sample] ?? [],
    }));
  });
  return (await Promise.all(perRequest)).flat();
}

async function answerWhole(
  context: ServerContext,
  service: PolicyService,
  work: Work,
  done: () => void,
): Promise<Response> {
  const left = new AbortController();
  context.env.outgoing.once('close', () => {
    left.abort();
  });
  try {
    const samples = await completeAll(service, work, left.signal, () => undefined);
    return context.json(work.shape.whole(headOf(work), samples));
  } finally {
    done();
  }
}

function answerByStream(context: ServerContext, service: PolicyService, work: Work, done: () => void): Response {
  const { shape, includeUsage } = work;
  const head = headOf(work);
  return streamSSE(context, async (stream) => {
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    let queue = Promise.resolve();
    const send = (chunk: object | string): void => {
      const data = typeof chunk === 'string' ? chunk : JSON.stringify(chunk);
      queue = queue.then(() => stream.writeSSE({ data }));
    };
    const begun = new Set<number>();
    const begin = (index: number): void => {
      if (!begun.has(index)) {
        begun.add(index);
        shape.first(head, index).forEach(send);
      }
    };
    try {
      const samples = await completeAll(service, work, left.signal, (index, text, tokens) => {
        begin(index);
        send(shape.piece(head, index, text, tokens));
      });
      for (const sample of samples) {
        begin(sample.index);
        send(shape.last(head, sample));
      }
      const usage = includeUsage ? shape.usage(head, samples) : undefined;
      [usage, shape.end].filter((chunk) => chunk !== undefined).forEach(send);
    } catch (error) {
      // The status has been sent: the error is a chunk.
      send(failureBody(error));
    } finally {
      done();
      await queue;
    }
  });
}

function headOf({ model, idPrefix }: Work): Head {
  return { id: `${idPrefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
}

function errorBody(message: string, code: string | null = null, type = 'invalid_request_error'): object {
  return { error: { message, type, param: null, code } };
}

/** What a completion failed of: the request where its status says so, else the server. */
function failureBody(error: unknown): object {
  const type = statusOf(error) === 400 ? 'invalid_request_error' : 'server_error';
  return errorBody(wordsOf(error), codeOf(error), type);
}

function wordsOf(error: unknown): string {
  if (error instanceof BoundaryError) {
    return `${error.message} ${error.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | null {
  return error instanceof BoundaryError ? error.boundary : null;
}

function statusOf(error: unknown): 400 | 500 {
  const boundary = codeOf(error);
  return boundary === 'usage' ? 400 : 500;
}
