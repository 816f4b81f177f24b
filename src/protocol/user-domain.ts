import * as z from 'zod';

/** What `selfq domain show DIR --json` says of a user's own domain: all that a run of it has to be told. */
export const UserDomainRow = z.object({
  name: z.string(),
  description: z.string(),
  /** Absolute path. */
  folder: z.string(),
  /** SHA-256 of its file, hex. */
  hash: z.string(),
  /** How self-play rewards answers: by the domain's own `reward`, by the majority of values, or by its `grade`. */
  rewardedBy: z.enum(['reward', 'majority', 'grade']),
  /** Path of its questions for evaluation; absent where it has none. */
  questions: z.string().optional(),
  /** Defaults of settings that it wants, by name. */
  settings: z.record(z.string(), z.number()),
});
export type UserDomainRow = z.infer<typeof UserDomainRow>;
