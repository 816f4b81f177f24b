import type { RunRecord } from '../protocol/records.ts';
import type { Translate } from './translate.ts';
import { domainWord } from './words.ts';

/** What a run is called until somebody names it: domain, topic, and when it began, as two runs may share the rest. */
export function runName(t: Translate, { id, config, createdAt }: RunRecord, language: string): string {
  const topic = String(config['topic'] ?? '');
  const begun = new Date(createdAt);
  const when = Number.isNaN(begun.getTime())
    ? id
    : begun.toLocaleString(language, { dateStyle: 'short', timeStyle: 'short' });
  return [domainWord(t, String(config['domain'] ?? id)), ...(topic === '' ? [] : [topic]), when].join(' · ');
}
