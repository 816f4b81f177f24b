import { algebraDomain, type AlgebraOptions } from './algebra/algebra.ts';
import { arithmeticDomain, type ArithmeticOptions } from './arithmetic/arithmetic.ts';
import { codingDomain, type CodingOptions } from './coding/coding.ts';
import type { Domain, DomainTools } from './domain.ts';
import { judged } from './safety.ts';
import { workspaceDomain, type WorkspaceOptions } from './workspace/workspace.ts';

/** What a run's settings say about its domain. */
export type DomainOptions =
  | ({ domain: 'coding' } & CodingOptions)
  | ({ domain: 'arithmetic' } & ArithmeticOptions)
  | ({ domain: 'algebra' } & AlgebraOptions)
  | ({ domain: 'workspace' } & WorkspaceOptions);

/** The domain that `options.domain` names. Throws BoundaryError('usage') for options that do not fit each other. */
export function createDomain(options: DomainOptions, tools: DomainTools): Domain {
  switch (options.domain) {
    case 'coding':
      return guarded(codingDomain(options, tools), options, tools);
    case 'workspace':
      return guarded(workspaceDomain(options, tools), options, tools);
    case 'arithmetic':
      return arithmeticDomain(options);
    case 'algebra':
      return algebraDomain(options);
  }
}

/** With the base model as a further guard where that is asked for. */
function guarded<Draft, Content>(
  domain: Domain<Draft, Content>,
  { safetyGuard }: CodingOptions,
  { base }: DomainTools,
): Domain<Draft, Content> {
  return safetyGuard === 'judge' ? judged(domain, base) : domain;
}
