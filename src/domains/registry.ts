import { algebraDomain, type AlgebraOptions } from './algebra/algebra.ts';
import { arithmeticDomain, type ArithmeticOptions } from './arithmetic/arithmetic.ts';
import { codingDomain, type CodingOptions } from './coding/coding.ts';
import type { Domain, DomainTools } from './domain.ts';
import { judged } from './safety.ts';
import { workspaceDomain, type WorkspaceOptions } from './workspace/workspace.ts';
import { openUserDomain, type UserOptions } from './user/user.ts';

/** What a run's settings say about a domain that comes with the program. */
export type ShippedOptions =
  | ({ domain: 'coding' } & CodingOptions)
  | ({ domain: 'arithmetic' } & ArithmeticOptions)
  | ({ domain: 'algebra' } & AlgebraOptions)
  | ({ domain: 'workspace' } & WorkspaceOptions);

/** What a run's settings say about its domain. */
export type DomainOptions = ShippedOptions | ({ domain: 'user' } & UserOptions);

/** The domain that `options.domain` names. Throws BoundaryError('usage') for options that do not fit each other. */
export function createDomain(options: ShippedOptions, tools: DomainTools): Domain {
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

/** The same for any domain: a user's own is loaded in the sandbox. Throws BoundaryError for one that cannot be used. */
export async function openDomain(options: DomainOptions, tools: DomainTools): Promise<Domain> {
  return options.domain === 'user'
    ? (await openUserDomain(options, tools.sandbox)).domain
    : createDomain(options, tools);
}
