import type { RunRecord } from '../protocol/records.ts';

/** The domain of a run as it is called: one of the user's own by the name that it gives itself. */
export function domainOfRun(config: RunRecord['config'], otherwise = ''): string {
  const own = config['domain'] === 'user' ? String(config['domainName'] ?? '') : '';
  return own === '' ? String(config['domain'] ?? otherwise) : own;
}

/** A model as a person calls it: of a path the last part. */
export function modelWord(model: string): string {
  return /^(?:[/~]|[A-Za-z]:[\\/])/.test(model)
    ? (model.split(/[\\/]/).findLast((part) => part !== '') ?? model)
    : model;
}
