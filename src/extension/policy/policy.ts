import { TrialPanel } from '../panels/trial-panel.ts';
import type { Disposables, Services } from '../services.ts';
import { registerChatProvider } from './chat-provider.ts';
import { registerInlineCompletion } from './inline-completion.ts';
import { ModelInUse } from './model-in-use.ts';
import { PolicyServer } from './server.ts';
import { registerUseModel } from './use-model.ts';

/** The model at work: which one is in use, its server, and those who ask it. */
export function registerPolicy(services: Services): Disposables {
  const server = new PolicyServer(services);
  const inUse = new ModelInUse(services);
  return [
    ...[server, inUse, services.store.onDidChange(() => server.stopWithoutRun())],
    ...registerUseModel(services, server, inUse),
    registerChatProvider(server, inUse),
    ...registerInlineCompletion(services, server, inUse),
    new TrialPanel(services, server, inUse),
  ];
}
