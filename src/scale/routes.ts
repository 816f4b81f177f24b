import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { type SettingValues, resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/tables.ts';
import type { Domain } from '../domains/domain.ts';
import { createDomain } from '../domains/registry.ts';
import { describeIssues } from '../sandbox/http/batch.ts';
import type { Extension, JudgeAccess } from '../sandbox/http/server.ts';
import { operations, UnfitRequest } from './operations.ts';

const Envelope = z.looseObject({ settings: z.record(z.string(), z.union([z.string(), z.number()])) });

/**
 * The operations of self-play over HTTP, beside the judge: `POST /domain/NAME` with `{settings, …}`, where `settings` are
 * those of the run by name. What is not the client's fault answers 500; what is, 422 and which field.
 */
export function domainRoutes(): Extension {
  const configOf = rememberConfigs();
  return {
    paths: [...operations.keys()].map((name) => `/domain/${name}`),
    answer: (path, raw, access) => answer(path.slice('/domain/'.length), raw, access, configOf),
  };
}

type ConfigOf = (settings: SettingValues) => Config;

/** Reads settings; those of the latest few runs once, since a trainer sends the same ones with every request. */
function rememberConfigs(): ConfigOf {
  const known = new Map<string, Config>();
  return (settings) => {
    const key = JSON.stringify(settings);
    const config = known.get(key) ?? resolveConfig('quick', settings);
    known.delete(key);
    known.set(key, config);
    const [oldest] = known.keys();
    if (known.size > mostKnownConfigs && oldest !== undefined) {
      known.delete(oldest);
    }
    return config;
  };
}

const mostKnownConfigs = 32;

async function answer(name: string, raw: unknown, access: JudgeAccess, configOf: ConfigOf): Promise<Response> {
  const operation = operations.get(name);
  const envelope = Envelope.safeParse(raw);
  if (operation === undefined || !envelope.success) {
    return refused(envelope.success ? `There is no operation ${name}.` : describeIssues(envelope.error));
  }
  const { settings, ...rest } = envelope.data;
  try {
    const { items, run } = operation.prepare(rest);
    const play = playOf(configOf(settings), access);
    return await access.admitted(items, async () => {
      const reply = await run(play);
      access.count(name, play.config.domain, items);
      return Response.json(reply);
    });
  } catch (error) {
    if (error instanceof UnfitRequest) {
      return refused(error.message);
    }
    if (error instanceof BoundaryError && error.boundary === 'usage') {
      return refused(`${error.message} ${error.remedy}`);
    }
    throw error;
  }
}

const refused = (error: string): Response => Response.json({ error }, { status: 422 });

/** Domain of the run that asks; its programs take turns with those of other clients. */
function playOf(config: Config, { sandbox }: JudgeAccess) {
  if (config.safetyGuard === 'judge') {
    throw new BoundaryError(
      'usage',
      'safetyGuard=judge asks the base model, and none is here.',
      'Set safetyGuard=words.',
    );
  }
  if (config.domain === 'user') {
    // Its folder would be a path of this machine that a client chooses, and what lies there is run.
    throw new BoundaryError('usage', 'Domains of a folder are not served.', 'Choose coding, arithmetic or algebra.');
  }
  const domain: Domain = createDomain(config, {
    sandbox: () => Promise.resolve(sandbox),
    base: () => Promise.reject(new RangeError('There is no base policy.')),
  });
  return { config, domain };
}
