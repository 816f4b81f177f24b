import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Names under which a program on this machine reaches the loopback address; what comes from elsewhere cannot. */
export const loopback = ['127.0.0.1', '::1', 'localhost'];

/** Why a request is refused, as the status and the words of the answer. */
export interface Refusal {
  status: 401 | 403 | 415;
  error: string;
}

/**
 * What a request must have before anybody looks at its body. A page in a browser can reach this machine: by another name for
 * the loopback address (DNS rebinding), which its `Host` tells, or across sites, which its `Origin` tells. `host`: the address
 * that the server listens at; with one that others reach, by names that are not known here, the token is the fence.
 */
export function refusalOf(request: IncomingMessage, host: string, token: string | undefined): Refusal | undefined {
  const { headers, url = '', method } = request;
  const ownHost = headers.host;
  if (loopback.includes(host) && (ownHost === undefined || !loopback.includes(hostnameOf(ownHost)))) {
    return { status: 403, error: 'This server answers to the names of its own machine alone.' };
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${ownHost}`) {
    return { status: 403, error: 'This server does not answer pages of other sites.' };
  }
  if (token !== undefined && url.split('?')[0] !== '/healthz' && !hasToken(headers.authorization, token)) {
    return { status: 401, error: 'The token is missing or wrong.' };
  }
  // A page in a browser can send other types across sites without asking.
  if (method === 'POST' && !/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    return { status: 415, error: 'Send application/json.' };
  }
  return undefined;
}

/** Without the port, and without the brackets of an IPv6 address. */
function hostnameOf(host: string): string {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':')[0] ?? '');
  return name.toLowerCase().replace(/\.$/, '');
}

/** Compared by hash, so that the time tells nothing. */
function hasToken(authorization: string | undefined, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(authorization ?? ''), hash(`Bearer ${token}`));
}
