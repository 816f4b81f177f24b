import * as z from 'zod';
import { boundaries } from '../base/errors.ts';

/** The one message that a starting engine sends to the process that started it. */
export const EngineAnnouncement = z.discriminatedUnion('type', [
  /** It owns the run folder and listens on the socket of run.json. */
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('failed'),
    error: z.object({ boundary: z.enum(boundaries), message: z.string(), remedy: z.string() }),
  }),
]);
export type EngineAnnouncement = z.infer<typeof EngineAnnouncement>;
