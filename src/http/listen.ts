import type { AddressInfo } from 'node:net';
import { type HttpBindings, type ServerType, serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { BoundaryError } from '../base/errors.ts';
import { loopback } from './guards.ts';

/** An application with Node's own request and response beside its own. */
export type App = Hono<{ Bindings: HttpBindings }>;

/** Where a server listens. */
export interface Address {
  /** 0 = any free one. */
  port: number;
  /** Default 127.0.0.1; another address only together with `token`. */
  host?: string | undefined;
  /** When given, every request but /healthz must carry it as `Authorization: Bearer …`. */
  token?: string | undefined;
}

/** A server that listens. */
export interface Listening {
  url: string;
  port: number;
  /** Takes no new connections, waits up to `graceMs` for the requests in flight, then closes. */
  close(graceMs: number): Promise<void>;
}

/**
 * Throws BoundaryError('usage') for a port that cannot be, and for an address that others reach without a token.
 */
export function assertAddress({ port, host = '127.0.0.1', token = '' }: Address): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new BoundaryError(
      'usage',
      `There is no port ${port}.`,
      'Give --port N with N from 0 (any free one) to 65535.',
    );
  }
  if (!loopback.includes(host) && token === '') {
    throw new BoundaryError(
      'usage',
      `The address ${host} can be reached by others, and there is no token.`,
      'Give --token SECRET, or leave --host away to serve this machine alone.',
    );
  }
}

/** Serves `app`. `inFlight`: requests that wait for their answer. Throws BoundaryError('environment') where the port is taken. */
export async function listen(
  app: App,
  { port, host = '127.0.0.1' }: Address,
  inFlight: () => number,
): Promise<Listening> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const opened = serve({ fetch: app.fetch, port, hostname: host }, () => resolve(opened));
    opened.on('error', (error: Error) => {
      reject(
        new BoundaryError(
          'environment',
          `Port ${port} of ${host} cannot be opened: ${error.message}.`,
          'Choose another one with --port N.',
        ),
      );
    });
  });
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: (graceMs) => closeServer(server, inFlight, graceMs),
  };
}

async function closeServer(server: ServerType, inFlight: () => number, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Connections that a client keeps alive would hold the server open.
  const sweep = setInterval(() => {
    if (inFlight() === 0 && 'closeIdleConnections' in server) {
      server.closeIdleConnections();
    }
  }, 20);
  const force = setTimeout(() => {
    if ('closeAllConnections' in server) {
      server.closeAllConnections();
    }
  }, graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}
