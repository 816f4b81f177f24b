/** A file or an excerpt that stands before what is completed. */
export interface ContextFile {
  filename: string;
  text: string;
}

/** The place that is filled. */
export interface Gap {
  /** Text before it and after it. */
  prefix: string;
  suffix: string;
  /** What the filling begins with. */
  begun?: string;
  context?: readonly ContextFile[];
}

/** Tokens of Qwen2.5-Coder (its technical report, section 3) and of the models that took them over. */
const token = {
  prefix: '<|fim_prefix|>',
  suffix: '<|fim_suffix|>',
  middle: '<|fim_middle|>',
  file: '<|file_sep|>',
  repository: '<|repo_name|>',
} as const;

/** Texts that a tokenizer has as one token each where its model can fill in the middle. */
export const fillInMiddleTokens: readonly string[] = [token.prefix, token.suffix, token.middle];

/** Where a filling ends: behind it such models begin another file. */
export const fillInMiddleStops: readonly string[] = [...Object.values(token), '<|fim_pad|>'];

/** The prompt by which the model fills the gap; other files stand before it as those of one repository. */
export function fillInMiddlePrompt({ prefix, suffix, begun = '', context = [] }: Gap): string {
  const files = context.map(({ filename, text }) => `${token.file}${filename}\n${text}\n`);
  const repository = files.length === 0 ? '' : `${token.repository}project\n${files.join('')}${token.file}file\n`;
  return `${repository}${token.prefix}${prefix}${token.suffix}${suffix}${token.middle}${begun}`;
}
