/** `{ [name]: value }`, or nothing where the value is undefined (exactOptionalPropertyTypes). */
export function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
