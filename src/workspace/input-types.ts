import ts from 'typescript';
import type { InputType } from '../protocol/seed.ts';
import type { FunctionNode } from './definitions.ts';

/** Most guesses at the types of one function. */
const maximumGuesses = 6;

/** How deep a declared type is followed. */
const maximumDepth = 4;

/** What a function may be called with, [guess][parameter], likeliest first; or why it cannot be called with data. */
export function guessTypes(node: FunctionNode, file: ts.SourceFile): InputType[][] | { fault: string } {
  const { parameters } = node;
  const plain = parameters.filter(({ name }) => !(ts.isIdentifier(name) && name.text === 'this'));
  if (plain.length === 0) {
    return { fault: 'It has no parameters.' };
  }
  if (plain.length > 4) {
    return { fault: `It has ${plain.length} parameters.` };
  }
  const places: InputType[][] = [];
  for (const parameter of plain) {
    if (!ts.isIdentifier(parameter.name) || parameter.dotDotDotToken) {
      return { fault: 'Its parameters are not a plain list of names.' };
    }
    const guesses = guessParameter(parameter, parameter.name.text, node, file);
    if (!guesses) {
      return { fault: `${parameter.name.text} is a function or another thing that is not data.` };
    }
    places.push(guesses);
  }
  return combinations(places).slice(0, maximumGuesses);
}

/** Every choice of one guess for each place; those with the likelier guesses first. */
function combinations(places: readonly (readonly InputType[])[]): InputType[][] {
  const all = places.reduce<{ types: InputType[]; rank: number }[]>(
    (done, guesses) =>
      done.flatMap(({ types, rank }) =>
        guesses.slice(0, 3).map((type, index) => ({ types: [...types, type], rank: rank + index })),
      ),
    [{ types: [], rank: 0 }],
  );
  return all.toSorted((a, b) => a.rank - b.rank).map(({ types }) => types);
}

/** Guesses at one parameter; undefined where it takes no data. */
function guessParameter(
  parameter: ts.ParameterDeclaration,
  name: string,
  node: FunctionNode,
  file: ts.SourceFile,
): InputType[] | undefined {
  const declared = parameter.type ?? ts.getJSDocType(parameter);
  const byDeclaration = declared ? typesOf(declared, file, typeParametersOf(node), 0) : [];
  if (byDeclaration === 'not data') {
    return undefined;
  }
  if (byDeclaration.length > 0) {
    return byDeclaration;
  }
  const byDefault = parameter.initializer ? typeOfValue(parameter.initializer) : undefined;
  if (byDefault) {
    return [byDefault];
  }
  const use = usesOf(name, node);
  return use.isCalled ? undefined : distinctTypes([...guessByUse(name, use), ...guessByName(name), ...fallback]);
}

const integer: InputType = { kind: 'integer' };
const number: InputType = { kind: 'number' };
const string: InputType = { kind: 'string' };
const boolean: InputType = { kind: 'boolean' };
const arrayOf = (of: InputType): InputType => ({ kind: 'array', of });
const fallback = [integer, string, arrayOf(integer)];

function distinctTypes(types: readonly InputType[]): InputType[] {
  const seen = new Set<string>();
  return types.filter((type) => {
    const text = JSON.stringify(type);
    return seen.has(text) ? false : seen.add(text);
  });
}

function typeOfValue(node: ts.Expression): InputType | undefined {
  if (ts.isNumericLiteral(node)) {
    return Number.isInteger(Number(node.text)) ? integer : number;
  }
  if (ts.isStringLiteralLike(node)) {
    return string;
  }
  return node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword ? boolean : undefined;
}

// ---- by declaration ---------------------------------------------------------------------------------------------------

type TypeParameters = ReadonlyMap<string, ts.TypeNode | undefined>;

function typeParametersOf(node: FunctionNode): TypeParameters {
  const declared = node.typeParameters ?? [];
  return new Map(declared.map(({ name, constraint }) => [name.text, constraint]));
}

/** What a written type allows: alternatives, none where it says nothing. */
function typesOf(
  type: ts.TypeNode,
  file: ts.SourceFile,
  generics: TypeParameters,
  depth: number,
): InputType[] | 'not data' {
  const inside = (inner: ts.TypeNode) => (depth < maximumDepth ? typesOf(inner, file, generics, depth + 1) : []);
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return [string];
    case ts.SyntaxKind.NumberKeyword:
      return [integer, number];
    case ts.SyntaxKind.BooleanKeyword:
      return [boolean];
    case ts.SyntaxKind.BigIntKeyword:
    case ts.SyntaxKind.SymbolKeyword:
    case ts.SyntaxKind.FunctionType:
    case ts.SyntaxKind.ConstructorType:
      return 'not data';
    default:
  }
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) {
    return inside(type.type);
  }
  if (ts.isJSDocNullableType(type) || ts.isJSDocNonNullableType(type) || ts.isJSDocOptionalType(type)) {
    return inside(type.type);
  }
  if (ts.isArrayTypeNode(type)) {
    return wrapped(inside(type.elementType), arrayOf);
  }
  if (ts.isTupleTypeNode(type)) {
    const [first] = type.elements;
    return first && !ts.isNamedTupleMember(first) ? wrapped(inside(first), arrayOf) : [];
  }
  if (ts.isUnionTypeNode(type)) {
    return unionOf(type, inside);
  }
  if (ts.isLiteralTypeNode(type)) {
    const value = literalOf(type);
    return value === undefined ? [] : [{ kind: 'choice', values: [value] }];
  }
  if (ts.isTypeLiteralNode(type)) {
    return objectOf(type.members, inside);
  }
  return ts.isTypeReferenceNode(type) ? namedType(type, file, generics, inside) : [];
}

type Inside = (inner: ts.TypeNode) => InputType[] | 'not data';

function wrapped(types: InputType[] | 'not data', wrap: (of: InputType) => InputType): InputType[] | 'not data' {
  if (types === 'not data') {
    return types;
  }
  return (types.length === 0 ? [integer, string] : types).map(wrap);
}

function literalOf({ literal }: ts.LiteralTypeNode): string | number | boolean | undefined {
  if (ts.isStringLiteral(literal)) {
    return literal.text;
  }
  if (ts.isNumericLiteral(literal)) {
    return Number(literal.text);
  }
  const isTrue = literal.kind === ts.SyntaxKind.TrueKeyword;
  return isTrue || literal.kind === ts.SyntaxKind.FalseKeyword ? isTrue : undefined;
}

/** Literals together are one choice; `null` and `undefined` add nothing. */
function unionOf(type: ts.UnionTypeNode, inside: Inside): InputType[] | 'not data' {
  const parts = type.types.map(inside).filter((part) => part !== 'not data');
  const types = parts.flat();
  const values = types.flatMap((part) => (part.kind === 'choice' ? part.values : []));
  const others = types.filter((part) => part.kind !== 'choice');
  if (parts.length === 0) {
    return 'not data';
  }
  return [...(values.length > 0 ? [{ kind: 'choice' as const, values }] : []), ...distinctTypes(others)];
}

function objectOf(members: readonly ts.TypeElement[], inside: Inside): InputType[] | 'not data' {
  const fields: Record<string, InputType> = {};
  for (const member of members) {
    if (ts.isIndexSignatureDeclaration(member)) {
      return wrapped(inside(member.type), (of) => ({ kind: 'record', of }));
    }
    if (!ts.isPropertySignature(member) || !member.type || !ts.isIdentifier(member.name)) {
      return 'not data';
    }
    const types = inside(member.type);
    const [first] = types === 'not data' ? [] : types;
    if (first) {
      fields[member.name.text] = first;
    } else if (!member.questionToken) {
      return types === 'not data' ? types : [];
    }
  }
  return Object.keys(fields).length === 0 ? [] : [{ kind: 'object', fields }];
}

function namedType(
  { typeName, typeArguments }: ts.TypeReferenceNode,
  file: ts.SourceFile,
  generics: TypeParameters,
  inside: Inside,
): InputType[] | 'not data' {
  const name = typeName.getText(file);
  const [first, second] = typeArguments ?? [];
  if (generics.has(name)) {
    const constraint = generics.get(name);
    return constraint ? inside(constraint) : [integer, string];
  }
  switch (name) {
    case 'String':
      return [string];
    case 'Number':
      return [integer, number];
    case 'Boolean':
      return [boolean];
    case 'Array':
    case 'ReadonlyArray':
    case 'ArrayLike':
    case 'Iterable':
      return first ? wrapped(inside(first), arrayOf) : [integer, string].map(arrayOf);
    case 'Record':
      return second ? wrapped(inside(second), (of) => ({ kind: 'record', of })) : [];
    case 'Readonly':
    case 'Partial':
    case 'Required':
    case 'NonNullable':
      return first ? inside(first) : [];
    case 'Object':
      return [];
    default:
      return declaredType(name, file, inside);
  }
}

/** A type of the same file; one of another file is not data that we can make. */
function declaredType(name: string, file: ts.SourceFile, inside: Inside): InputType[] | 'not data' {
  for (const statement of file.statements) {
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) {
      return inside(statement.type);
    }
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === name) {
      return statement.heritageClauses ? 'not data' : objectOf(statement.members, inside);
    }
  }
  return 'not data';
}

// ---- by use and name --------------------------------------------------------------------------------------------------

/** How the body of a function uses a parameter. */
interface Uses {
  isCalled: boolean;
  isCounted: boolean;
  isIndexed: boolean;
  members: ReadonlySet<string>;
}

const stringMembers = new Set(
  `charAt charCodeAt codePointAt endsWith match matchAll normalize padEnd padStart repeat replace replaceAll search split
  startsWith substr substring toLowerCase toUpperCase trim trimEnd trimStart localeCompare`.split(/\s+/),
);
const arrayMembers = new Set(
  `every fill filter find findIndex findLast flat flatMap forEach join map pop push reduce reduceRight reverse shift some
  sort splice toReversed toSorted unshift`.split(/\s+/),
);
const sharedMembers = new Set(['length', 'slice', 'indexOf', 'lastIndexOf', 'includes', 'concat', 'at', 'toString']);
const numberMembers = new Set(['toFixed', 'toPrecision', 'toExponential']);

function usesOf(name: string, node: FunctionNode): Uses {
  const members = new Set<string>();
  const uses = { isCalled: false, isCounted: false, isIndexed: false };
  const isIt = (expression: ts.Node): boolean => ts.isIdentifier(expression) && expression.text === name;
  const visit = (inner: ts.Node): void => {
    if (ts.isPropertyAccessExpression(inner) && isIt(inner.expression)) {
      members.add(inner.name.text);
    }
    uses.isCalled ||= (ts.isCallExpression(inner) || ts.isNewExpression(inner)) && isIt(inner.expression);
    uses.isIndexed ||= ts.isElementAccessExpression(inner) && isIt(inner.expression);
    uses.isIndexed ||= ts.isForOfStatement(inner) && isIt(inner.expression);
    uses.isCounted ||= ts.isBinaryExpression(inner) && isArithmetic(inner) && (isIt(inner.left) || isIt(inner.right));
    ts.forEachChild(inner, visit);
  };
  if (node.body) {
    visit(node.body);
  }
  return { ...uses, members };
}

const arithmetic = new Set(['-', '*', '/', '%', '**', '<', '>', '<=', '>=', '<<', '>>', '>>>', '&', '|', '^']);

function isArithmetic({ operatorToken }: ts.BinaryExpression): boolean {
  return arithmetic.has(ts.tokenToString(operatorToken.kind) ?? '');
}

function guessByUse(name: string, { isCounted, isIndexed, members }: Uses): InputType[] {
  const uses = [...members];
  const has = (known: ReadonlySet<string>): boolean => uses.some((member) => known.has(member));
  const byName = guessByName(name).filter(({ kind }) => kind === 'array');
  const arrays = [...byName, arrayOf(integer), arrayOf(string)];
  if (has(stringMembers)) {
    return [string];
  }
  if (has(arrayMembers)) {
    return arrays;
  }
  if (isIndexed || has(sharedMembers)) {
    const isText = guessByName(name).some(({ kind }) => kind === 'string');
    return isText ? [string, ...arrays] : [...arrays, string];
  }
  if (isCounted || has(numberMembers)) {
    return [integer, number];
  }
  if (uses.length > 0) {
    const fields = uses.map((member) => [member, guessByName(member)[0] ?? integer] as const);
    return [{ kind: 'object', fields: Object.fromEntries(fields) }];
  }
  return [];
}

/** The first that fits the name counts. */
const typesByName: readonly (readonly [RegExp, readonly InputType[]])[] = [
  [/^(?:is|has|should|with|allow)[A-Z]|^(?:flag|strict|enabled|reverse|inclusive|verbose)$/, [boolean]],
  [/^(?:matrix|grid|board|table|rows|graph|edges|pairs|intervals)$/i, [arrayOf(arrayOf(integer))]],
  [/(?:words|strings|strs|lines|names|keys|tokens|parts|paths|texts)$/i, [arrayOf(string)]],
  [
    /(?:arr|array|list|nums|numbers|items|values|elements|data|collection|sequence|stack|queue|points|weights|xs)\d?$/i,
    [arrayOf(integer), arrayOf(string)],
  ],
  [
    /(?:str|string|text|word|sentence|name|path|url|key|char|character|line|input|source|pattern|prefix|suffix|separator|title|html|css|hex|color|date|email|code|message|label|id|s|t|c|ch)\d?$/i,
    [string],
  ],
  [
    /^(?:n|num|number|k|m|x|y|z|a|b|i|j|count|size|length|index|start|end|min|max|value|val|limit|step|width|height|total|amount|year|month|day|base|exponent|digits|radius|angle|ms|seconds|bytes|low|high|from|to)\d?$/i,
    [integer, number],
  ],
  [/(?:count|size|length|index|number|num|total|width|height|min|max|ms|seconds|bytes)$/i, [integer, number]],
];

function guessByName(name: string): readonly InputType[] {
  return typesByName.find(([pattern]) => pattern.test(name))?.[1] ?? [];
}
