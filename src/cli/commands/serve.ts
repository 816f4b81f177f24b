import { createSandbox } from '../../sandbox/host/pool.ts';
import { startServer } from '../../sandbox/http/server.ts';
import { type Arguments, usage } from '../arguments.ts';

/** `selfq serve`: the judge over HTTP, until it is interrupted. */
export async function serve(args: Arguments): Promise<number> {
  const port = args.integer('port', 0) ?? 0;
  if (port > 65_535) {
    throw usage(`--port cannot be "${port}".`, 'Give a number from 0 (any free one) to 65535.');
  }
  const workers = args.integer('workers', 1);
  const sandbox = await createSandbox(workers === undefined ? {} : { workers });
  const [host, token] = [args.text('host'), args.text('token')];
  try {
    const server = await startServer({
      sandbox,
      port,
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
