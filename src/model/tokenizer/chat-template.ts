import { Template } from '@huggingface/jinja';
import { TimeLimitError, withinTime } from '../../base/time-limit.ts';
import { pythonSemantics } from './python-semantics.ts';

/** A template renders a prompt in a few milliseconds; one that takes this long does not end. */
const limitMs = 1_500;
/** Longer than every context, in UTF-16 units. */
const largestText = 8 * 2 ** 20;

/** Messages of a conversation, in order. */
export type Messages = readonly { role: string; content: string }[];

/** The special tokens that templates write out. */
export interface TemplateTokens {
  bosToken: string | undefined;
  eosToken: string | undefined;
}

/**
 * A chat template (Jinja) that renders as transformers renders it. Throws the library's errors for one that cannot be
 * parsed, and TimeLimitError for one that does not end.
 */
export function compileChatTemplate(
  source: string,
  { bosToken, eosToken }: TemplateTokens,
): (chat: Messages) => string {
  // As Jinja's lexer reads its source, whatever editor wrote it.
  const lines = source.replace(/\r\n?/g, '\n');
  const { template, functions } = withinTime(limitMs, () => pythonSemantics(new Template(lines)));
  return (messages) => {
    const text = withinTime(limitMs, () =>
      template.render({
        messages,
        // Given as None, as transformers does: templates ask whether they are none, not only whether they are defined.
        tools: null,
        documents: null,
        add_generation_prompt: true,
        bos_token: bosToken ?? '',
        eos_token: eosToken ?? '',
        // Templates of models that can think aloud first (Qwen3) ask for this; answers here are short.
        enable_thinking: false,
        ...functions,
      }),
    );
    if (text.length > largestText) {
      throw new RangeError(`it renders ${text.length} characters`);
    }
    return text;
  };
}

/** Why a template failed, for a person. */
export function templateProblem(error: unknown): string {
  if (error instanceof TimeLimitError) {
    return 'it does not end';
  }
  return error instanceof Error ? error.message : String(error);
}
