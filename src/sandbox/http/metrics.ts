import type { SandboxPool } from '../host/pool.ts';

/** Counts of the HTTP server, in Prometheus' text format. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #verdicts = new Map<string, number>();
  readonly #items = new Map<string, number>();
  readonly #started = Date.now();
  inFlight = 0;

  countRequest(path: string, status: number): void {
    const key = `path="${path}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  countVerdict(verdict: string): void {
    const key = `verdict="${verdict}"`;
    this.#verdicts.set(key, (this.#verdicts.get(key) ?? 0) + 1);
  }

  /** `operation` of a domain, such as `reward`; `items`: questions, proposals or answers. */
  countItems(operation: string, domain: string, items: number): void {
    const key = `operation="${operation}",domain="${domain}"`;
    this.#items.set(key, (this.#items.get(key) ?? 0) + items);
  }

  render(sandbox: SandboxPool): string {
    const { programs, workersKilled, internalErrors } = sandbox.counters;
    return [
      metric('selfq_requests_total', 'counter', 'Answered requests.', this.#requests),
      metric('selfq_verdicts_total', 'counter', 'Judged programs by verdict.', this.#verdicts),
      metric('selfq_domain_items_total', 'counter', 'Proposals, questions and answers served.', this.#items),
      metric('selfq_sandbox_programs_total', 'counter', 'Programs run.', programs),
      metric('selfq_sandbox_workers_killed_total', 'counter', 'Workers that a program took down.', workersKilled),
      metric('selfq_sandbox_internal_errors_total', 'counter', 'Verdicts that are our own fault.', internalErrors),
      metric('selfq_sandbox_workers', 'gauge', 'Worker processes alive.', sandbox.workerPids().length),
      metric('selfq_programs_in_flight', 'gauge', 'Programs accepted and not yet answered.', this.inFlight),
      metric('selfq_uptime_seconds', 'gauge', 'Seconds since the server started.', (Date.now() - this.#started) / 1000),
    ].join('');
  }
}

function metric(name: string, type: 'counter' | 'gauge', help: string, value: number | Map<string, number>): string {
  const samples =
    typeof value === 'number' ? [`${name} ${value}`] : [...value].map(([key, n]) => `${name}{${key}} ${n}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');
}
