export function bundleHostTests(): Promise<void>;
