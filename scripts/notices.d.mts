/** A package whose code a bundle holds. */
export interface BundledPackage {
  name: string;
  version: string;
  license: string;
  texts: string[];
}
export const noticesFile: string;
export function bundledPackages(root: string): Promise<BundledPackage[]>;
export function thirdPartyNotices(packages: readonly BundledPackage[]): string;
