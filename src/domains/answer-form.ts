import type { Prompt } from '../protocol/runtime.ts';

/**
 * How an answer is given. direct: at once, behind the prefill `<answer>`; working: behind a line that the prefill begins;
 * think: in `<think>` and `<answer>` tags (arXiv 2508.03682).
 */
export type AnswerForm = 'direct' | 'working' | 'think';

/** Least size of a model whose working is better than its direct answer, parameters in billions (docs/log.md). */
const leastForWorking = 1.5;

/** The form that a model answers in; `auto` is decided by the size in the model's name, unknown sizes answer directly. */
export function resolveAnswerForm(form: AnswerForm | 'auto', model: string): AnswerForm {
  if (form !== 'auto') {
    return form;
  }
  const size = sizeInName(model);
  return size !== undefined && size >= leastForWorking ? 'working' : 'direct';
}

/** Parameters in billions as names of models say them (`qwen2.5-coder-0.5b`, `SmolLM2-135M-Instruct.Q4_1.gguf`). */
export function sizeInName(model: string): number | undefined {
  const sizes = [...model.matchAll(/(?<![\d.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])/gi)];
  const [, number, unit] = sizes.at(-1) ?? [];
  return number === undefined ? undefined : Number(number) / (unit?.toLowerCase() === 'm' ? 1000 : 1);
}

const openingTag = '<answer>';

/** Asks for the answer alone. */
export function directPrompt(task: string, question: string): Prompt {
  return {
    messages: [{ role: 'user', content: `${task} Answer with the number only.\n\n${question}` }],
    prefill: openingTag,
  };
}

/** Asks for reasoning and an answer in tags, at any length. */
export function thinkPrompt(question: string): Prompt {
  const system =
    'You solve mathematical problems. First reason step by step inside <think></think> tags. Then write the result, a number and nothing else, inside <answer></answer> tags.';
  return {
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
  };
}

/** Texts that end an answer. A thinking model may name the tags before it uses them, so that they end nothing there. */
export function answerStops(form: AnswerForm, endOfWorking: readonly string[]): readonly string[] {
  switch (form) {
    case 'direct':
      return ['</answer>'];
    case 'working':
      return endOfWorking;
    case 'think':
      return [];
  }
}

/**
 * The last answer in a text, as it is written: behind the last `<answer>`, in the last `\boxed{}`, behind `####`, behind
 * the last `=`, or the text itself. In the form `think` tags are required. `unknown`: a letter whose value is asked for; in
 * `x = 3, y = 4` its own is taken. Undefined where there is none.
 */
export function extractAnswer(text: string, form: AnswerForm, unknown?: string): string | undefined {
  const tagged = lastTagged(text);
  if (tagged === undefined && form === 'think') {
    return undefined;
  }
  const given = tagged ?? text;
  const boxed = lastBoxed(given) ?? lastBehind(given, '####') ?? given;
  const found = valueOfUnknown(boxed, unknown) ?? lastBehind(boxed, '=') ?? boxed;
  const answer = found.replace(/^\s*(?:the\s+)?(?:final\s+)?answer\s*(?:is\b)?:?/i, '').trim();
  return answer === '' ? undefined : answer;
}

function lastTagged(text: string): string | undefined {
  const start = text.lastIndexOf(openingTag);
  if (start < 0) {
    return undefined;
  }
  const inside = text.slice(start + openingTag.length);
  const end = inside.indexOf('</answer>');
  return end < 0 ? inside : inside.slice(0, end);
}

/** What the braces of the last `\boxed{` enclose. */
function lastBoxed(text: string): string | undefined {
  const start = text.lastIndexOf('\\boxed{');
  if (start < 0) {
    return undefined;
  }
  const inside = text.slice(start + '\\boxed{'.length);
  let open = 1;
  for (let end = 0; end < inside.length; end++) {
    open += inside[end] === '{' ? 1 : inside[end] === '}' ? -1 : 0;
    if (open === 0) {
      return inside.slice(0, end);
    }
  }
  return undefined;
}

/** What several equalities of one line say of one letter: `3` of x in `x = 3, y = 4`. */
function valueOfUnknown(text: string, unknown: string | undefined): string | undefined {
  if (unknown === undefined) {
    return undefined;
  }
  const pattern = new RegExp(
    String.raw`(?<![a-z\d*])${unknown}\s?=\s?([^=,;\n]{1,120}?)\s?(?:$|[;\n]|,\s|\.\s|\band\b)`,
    'gi',
  );
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

/** The line behind the last `mark`. */
function lastBehind(text: string, mark: string): string | undefined {
  const start = text.lastIndexOf(mark);
  return start < 0
    ? undefined
    : text
        .slice(start + mark.length)
        .trim()
        .split('\n')[0];
}
