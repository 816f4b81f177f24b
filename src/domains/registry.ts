import { BoundaryError } from '../base/errors.ts';
import { codingDomain, type CodingOptions } from './coding/coding.ts';
import type { Domain, DomainTools } from './domain.ts';

/** What a run's settings say about its domain. */
export type DomainOptions = CodingOptions;

/** Name -> how to make the domain. */
const factories: Readonly<Record<string, (options: DomainOptions, tools: DomainTools) => Domain>> = {
  coding: codingDomain,
};

/** Names that {@link createDomain} knows. */
export const domainNames: readonly string[] = Object.keys(factories);

/** The domain of that name. Throws BoundaryError('usage') for a name that is not in {@link domainNames}. */
export function createDomain(name: string, options: DomainOptions, tools: DomainTools): Domain {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (!factory) {
    throw new BoundaryError('usage', `There is no domain "${name}".`, `Choose one of ${domainNames.join(', ')}.`);
  }
  return factory(options, tools);
}
