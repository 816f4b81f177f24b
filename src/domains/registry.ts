import { algebraDomain, type AlgebraOptions } from './algebra/algebra.ts';
import { arithmeticDomain, type ArithmeticOptions } from './arithmetic/arithmetic.ts';
import { codingDomain, type CodingOptions } from './coding/coding.ts';
import type { Domain, DomainTools } from './domain.ts';
import { judged } from './safety.ts';

/** What a run's settings say about its domain. */
export type DomainOptions =
  | ({ domain: 'coding' } & CodingOptions)
  | ({ domain: 'arithmetic' } & ArithmeticOptions)
  | ({ domain: 'algebra' } & AlgebraOptions);

/** The domain that `options.domain` names. Throws BoundaryError('usage') for options that do not fit each other. */
export function createDomain(options: DomainOptions, tools: DomainTools): Domain {
  switch (options.domain) {
    case 'coding':
      return options.safetyGuard === 'judge'
        ? judged(codingDomain(options, tools), tools.base)
        : codingDomain(options, tools);
    case 'arithmetic':
      return arithmeticDomain(options);
    case 'algebra':
      return algebraDomain(options);
  }
}
