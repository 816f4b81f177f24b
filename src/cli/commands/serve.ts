import { createSandbox } from '../../sandbox/host/pool.ts';
import { startServer } from '../../sandbox/http/server.ts';
import type { Arguments } from '../arguments.ts';

/** `selfq serve`: the judge over HTTP, until it is interrupted. */
export async function serve(args: Arguments): Promise<number> {
  const workers = args.integer('workers', 1);
  const sandbox = await createSandbox(workers === undefined ? {} : { workers });
  const [host, token] = [args.text('host'), args.text('token')];
  try {
    const server = await startServer({
      sandbox,
      port: args.integer('port', 0) ?? 0,
      ...(host === undefined ? {} : { host }),
      ...(token === undefined ? {} : { token }),
    });
    const { url } = server;
    process.stdout.write(args.has('json') ? `${JSON.stringify({ url })}\n` : `Judging at ${url}. Ctrl-C ends it.\n`);
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await server.close();
    return 0;
  } finally {
    await sandbox.close();
  }
}
