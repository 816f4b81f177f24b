import type { InputType, Seed } from '../../protocol/seed.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { exemplars, type Kind } from '../coding/exemplars.ts';
import { composeExecuted } from '../coding/prompts.ts';

/**
 * What the proposer is asked for with a function before it. `statement`: the problem that the function solves, so that the
 * function is the reference; `variation`: another problem in its manner, with a reference that the proposer writes.
 */
export type PromptKind = 'statement' | 'variation';

/** Asks for the statement of the problem that a function solves. */
export function statementPrompt(seed: Seed): Prompt {
  const content = `This is a function of a program:

${printed(seed)}

Write the programming exercise whose solution is this function: in one to three plain sentences, what it is given and what it returns, in every case, so exactly that somebody who cannot see the function could write it. No code.`;
  return { messages: [{ role: 'user', content }], prefill: `${commentStart}${openingOf(seed)}`, stop: ['*/'] };
}

/** Asks for a new exercise in the manner of a function; `choice` draws the worked example. */
export function variationPrompt(seed: Seed, topic: string, choice: number): Prompt {
  const kind = kindOf(seed.types);
  const others = exemplars.filter((exemplar) => exemplar.kind !== kind);
  const exemplar = others[choice % others.length];
  const about = topic.trim() === '' ? '' : ` Its topic is ${topic.trim()}.`;
  return composeExecuted({
    opening: { kind, text: openingOf(seed), parameters: seed.parameters.join(', ') },
    ...(exemplar ? { exemplar } : {}),
    subject: `Let it come from the same program as this function, with its words and its kind of data, but ask for something else than the function does.${about}\n\n${printed(seed)}`,
  });
}

/** The statement in an answer to {@link statementPrompt}: the comment's text. */
export function statementIn(proposal: string): string {
  const [comment = ''] = proposal.replace(/^[\s\S]*?\/\*\*/, '').split(/\*\/|```/);
  const [prose = ''] = comment.replaceAll(/^[ \t]*\*+[ \t]?/gm, '').split(/^[ \t]*@\w/m);
  return prose.trim();
}

const commentStart = '```js\n/**\n * ';

function printed({ source, doc }: Seed): string {
  return `\`\`\`js\n${doc === '' ? '' : `/** ${doc.replaceAll('*/', '')} */\n`}${source}\n\`\`\``;
}

/** `Given a string text and an integer width, return`: it fixes what the statement calls its arguments. */
export function openingOf({ parameters, types }: Seed): string {
  const parts = parameters.map((name, index) => `${nounOf(types[index])} ${name}`);
  const last = parts.pop() ?? '';
  return `Given ${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}, return`;
}

function nounOf(type: InputType | undefined): string {
  switch (type?.kind) {
    case 'integer':
      return 'an integer';
    case 'number':
    case 'string':
    case 'boolean':
      return `a ${type.kind}`;
    case 'choice':
      return typeof type.values[0] === 'string' ? 'a string' : 'a value';
    case 'array':
      return type.of.kind === 'array' ? 'a matrix' : `an array of ${pluralOf(type.of)}`;
    default:
      return 'an object';
  }
}

function pluralOf({ kind }: InputType): string {
  return kind === 'choice' ? 'values' : `${kind === 'record' ? 'object' : kind}s`;
}

/** The worked example is of another kind, so that it is not copied. */
function kindOf(types: readonly InputType[]): Kind {
  const kinds = types.map(({ kind }) => kind);
  return kinds.includes('array') ? 'array' : kinds.includes('string') ? 'string' : 'number';
}
