import type { HostMessage } from '../src/view/messages.ts';

interface VsCodeApi<State> {
  postMessage(message: unknown): void;
  getState(): State | undefined;
  setState(state: State): void;
}

declare function acquireVsCodeApi<State>(): VsCodeApi<State>;

/** The page's side of the border: what it says, hears and remembers. State survives hide, reload and restart. */
export interface Host<Message, State> {
  post: (message: Message) => void;
  read: () => Partial<State>;
  write: (change: Partial<State>) => void;
}

/**
 * Connects the page to the extension host: `listen` gets its messages, the result sends and keeps state over reloads.
 */
export function connect<Message, State extends object>(listen: (message: HostMessage) => void): Host<Message, State> {
  const api = acquireVsCodeApi<Partial<State>>();
  addEventListener('message', (event: MessageEvent<HostMessage>) => listen(event.data));
  return {
    post: (message) => api.postMessage(message),
    read: () => api.getState() ?? {},
    write: (change) => api.setState({ ...api.getState(), ...change }),
  };
}
