/**
 * The environment of a child: `own`, with the proxy of the editor's settings where `own` has none (`editorProxy`, empty
 * where there is none), and Node told to use the proxies of both.
 */
export function childEnvironment(editorProxy: string, own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxy = editorProxy.trim();
  const ofEditor = proxy === '' ? {} : { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
  return { ...ofEditor, ...own, NODE_USE_ENV_PROXY: '1' };
}
