import { runSettings } from '../config/tables.ts';
import type { RunRecord } from '../protocol/records.ts';
import { domainOfRun, modelWord } from './run-name.ts';
import type { Translate } from './translate.ts';
import { labelText } from './visible-text.ts';
import { domainWord } from './words.ts';

/**
 * What a run is called until somebody names it: domain, topic, the model where it is not the default one, and when it
 * began, as two runs may share the rest.
 */
export function runName(
  t: Translate,
  { id, config, createdAt }: Pick<RunRecord, 'id' | 'config' | 'createdAt'>,
  language: string,
): string {
  const topic = String(config['topic'] ?? '');
  const model = String(config['model'] ?? runSettings.model.default);
  const name = [
    domainWord(t, domainOfRun(config, id)),
    ...(topic === '' ? [] : [topic]),
    ...(model === runSettings.model.default ? [] : [modelWord(model)]),
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
