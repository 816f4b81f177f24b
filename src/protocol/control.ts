import * as z from 'zod';
import { Mark } from './question.ts';
import { Evaluation, RunRecord, StepMetrics } from './records.ts';
import { stages } from './stages.ts';

/**
 * Version of what engine and clients say to each other. They may come from different installations, so both name theirs
 * in `attach`. Whatever the versions, `attach` and `stop` work: anyone can end a run. Version 1 did not name itself.
 */
export const protocolVersion = 2;

/** Characters of a rejected proposal that an event carries, at most. */
export const shownTextLength = 300;

const step = z.number().int();
const Stage = z.enum(stages);

/** What a live run tells everyone who is attached. The run folder holds the same facts for those who come later. */
export const RunEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), run: RunRecord }),
  z.object({
    type: z.literal('stage'),
    step,
    stage: Stage,
    done: z.number(),
    total: z.number(),
    what: z.string().optional(),
    tokensPerSecond: z.number().optional(),
  }),
  z.object({
    type: z.literal('proposal'),
    step,
    id: z.string(),
    statement: z.string().optional(),
    rejection: z.object({ reason: z.string(), detail: z.string() }).optional(),
    /** Of a rejected one: what the model wrote, prefill included, cut to {@link shownTextLength} characters. */
    text: z.string().optional(),
  }),
  z.object({
    type: z.literal('question'),
    step,
    id: z.string(),
    statement: z.string(),
    marks: z.array(Mark),
    solveRate: z.number().nullable(),
  }),
  z.object({ type: z.literal('metrics'), metrics: StepMetrics }),
  z.object({ type: z.literal('evaluation'), evaluation: Evaluation }),
  /** A condition has begun or ended; run.json holds each of them once. */
  z.object({
    type: z.literal('alarm'),
    change: z.enum(['raised', 'cleared']),
    step,
    name: z.string(),
    message: z.string(),
  }),
  z.object({ type: z.literal('restart'), child: z.enum(['runtime', 'sandbox']), stage: Stage, message: z.string() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** An event of one type. */
export type RunEventOf<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

/** What a socket brought, as an event; undefined for types that this version does not know. */
export function parseEvent(value: unknown): RunEvent | undefined {
  return RunEvent.safeParse(value).data;
}

/** Reply to `attach`, of any version of the engine. */
export const AttachReply = z.object({ protocol: z.number().int().default(1), run: z.unknown() });
export type AttachReply = z.infer<typeof AttachReply>;

/** Requests on the control socket: name -> [params, result]. JSON-RPC 2.0; events come as notification `event`. */
export interface ControlCalls {
  /** Must come first; `token` is that of run.json. A client of another version gets no events. */
  attach: [{ token: string; protocol: number }, { run: RunRecord; protocol: number }];
  status: [undefined, { run: RunRecord; last?: RunEventOf<'stage'> }];
  /** Stops at the next safe point; the step begun is finished later. */
  pause: [undefined, undefined];
  resume: [undefined, undefined];
  /** Ends the run; the unfinished step is thrown away, the last checkpoint stays. */
  stop: [undefined, undefined];
}
