/** Options of esbuild by the name of a group of bundles. `entryPoints`: name of a bundle -> its source, from the root. */
export const bundles: Readonly<
  Record<'engine' | 'workspace' | 'extension' | 'webview', { readonly entryPoints: Readonly<Record<string, string>> }>
>;
