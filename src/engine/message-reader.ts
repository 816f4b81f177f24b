import type { Socket } from 'node:net';
import { SocketMessageReader } from 'vscode-jsonrpc/node';

/**
 * Reads the messages of a socket. The library's own watch over messages that came in part is off: its timer begins again
 * for ever, also when the socket has closed, and would keep the process alive.
 */
export function messageReader(socket: Socket): SocketMessageReader {
  const reader = new SocketMessageReader(socket);
  reader.partialMessageTimeout = 0;
  return reader;
}
