import type { RunRecord } from '../protocol/records.ts';
import type { Translate } from './translate.ts';
import { labelText } from './visible-text.ts';
import { domainWord } from './words.ts';

/** The domain of a run as it is called: one of the user's own by the name that it gives itself. */
export function domainOfRun(config: RunRecord['config'], otherwise = ''): string {
  const own = config['domain'] === 'user' ? String(config['domainName'] ?? '') : '';
  return own === '' ? String(config['domain'] ?? otherwise) : own;
}

/** What a run is called until somebody names it: domain, topic, and when it began, as two runs may share the rest. */
export function runName(t: Translate, { id, config, createdAt }: RunRecord, language: string): string {
  const topic = String(config['topic'] ?? '');
  const name = [
    domainWord(t, domainOfRun(config, id)),
    ...(topic === '' ? [] : [topic]),
    begunText(createdAt, language) ?? id,
  ].join(' · ');
  return labelText(name);
}

/** Day and time, short enough for a tab; the year where it is another than this one. */
function begunText(createdAt: string, language: string): string | undefined {
  const begun = new Date(createdAt);
  if (Number.isNaN(begun.getTime())) {
    return undefined;
  }
  const thisYear = begun.getFullYear() === new Date().getFullYear();
  return begun.toLocaleString(language, {
    ...(thisYear ? {} : { year: 'numeric' as const }),
    ...{ month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
}

/** A model as a person calls it: of a path the last part. */
export function modelWord(model: string): string {
  return /^(?:[/~]|[A-Za-z]:[\\/])/.test(model)
    ? (model.split(/[\\/]/).findLast((part) => part !== '') ?? model)
    : model;
}
