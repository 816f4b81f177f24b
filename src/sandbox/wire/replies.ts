import * as z from 'zod';
import type { Hello, Reply, TestOutcome } from './messages.ts';

/** What the parent accepts from a worker, which may have been taken over by the program it runs. */
const outcome = z.strictObject({
  index: z.number().int().min(0),
  status: z.enum(['ok', 'threw', 'time', 'starved', 'memory', 'output', 'notData', 'pending', 'compile']),
  timeMs: z.number(),
  value: z.string().optional(),
  message: z.string().optional(),
  stderr: z.string().optional(),
  exitCode: z.number().optional(),
}) satisfies z.ZodType<TestOutcome>;

/** A reply of a worker; anything else ends it. */
export const replySchema = z.strictObject({
  id: z.number().int(),
  nonce: z.string(),
  outcomes: z.array(outcome),
  done: z.boolean(),
  spent: z.boolean().optional(),
}) satisfies z.ZodType<Reply>;

/** The first message of a worker. */
export const helloSchema = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ failed: z.string() }),
]) satisfies z.ZodType<Hello>;
