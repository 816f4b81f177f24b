export const layers: Readonly<Record<string, readonly string[]>>;
export const owners: Readonly<Record<string, string>>;
