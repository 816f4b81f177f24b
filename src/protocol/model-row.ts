import * as z from 'zod';

/** One model of `selfq models list --json`: of the catalogue, or fetched from the hub. */
export const ModelRow = z.object({
  id: z.string(),
  title: z.string(),
  path: z.string(),
  /** `partial`: a download that can continue; `wrong`: not the file that it should be. */
  state: z.enum(['absent', 'partial', 'ready', 'wrong']),
  present: z.boolean(),
  default: z.boolean(),
  /** Of the whole model; null where it is not known before the download. */
  bytes: z.number().nullable(),
  licence: z.string(),
  /** Bytes of main memory with the default settings. */
  memory: z.object({ run: z.number(), generation: z.number() }),
});
export type ModelRow = z.infer<typeof ModelRow>;
