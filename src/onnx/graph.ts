import { only } from '../base/arrays.ts';
import { encodeModel } from './proto.ts';

/** Element types by their numbers in onnx.proto. */
export const elementType = { float: 1, uint8: 2, int8: 3, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
/** A type of elements by its name. */
export type ElementType = keyof typeof elementType;

/** The name of a value in a graph; '' omits an optional input. */
export type Value = string;

/** A value with the type of its elements, which a loop has to know. */
export interface Typed {
  value: Value;
  type: ElementType;
}

/** A value for each element of a tuple of typed ones. */
export type ValuesOf<List extends readonly Typed[]> = { [Index in keyof List]: Value };

/** A number is a size known now, a string a symbolic one. */
export type Dimension = number | string;
/** Integers become INT, `{ float }` FLOAT, strings STRING, arrays INTS, graphs GRAPH. */
export type Attribute = number | string | readonly number[] | { float: number } | Graph;

/** Where an initializer lies in a side file (`location` is relative to the folder of the model file). */
export interface ExternalData {
  location: string;
  offset: number;
  length: number;
}

interface Node {
  opType: string;
  input: readonly Value[];
  output: readonly Value[];
  attributes: Readonly<Record<string, Attribute>>;
  domain: string;
}

interface Initializer {
  name: Value;
  type: ElementType;
  dims: readonly number[];
  data: Uint8Array | ExternalData;
}

interface Port {
  name: Value;
  type: ElementType;
  /** undefined = not known, not even how many. */
  dims: readonly Dimension[] | undefined;
  sequence: boolean;
}

/** Constants up to this size are shared when they are equal: rotations of up to 128 numbers among them. */
const sharedBytes = 64 * 1024;

type Numeric = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

/** The contrib operators of ONNX Runtime (GroupQueryAttention, MatMulNBits, …). */
export const contrib = 'com.microsoft';

/**
 * Collects nodes, constants and ports, and serialises them as an ONNX model (opset 21, IR 10).
 * Values are names: each method that adds something returns the name(s) of its output.
 */
export class Graph {
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #shared = new Map<string, Value>();
  readonly #externals = new Set<Value>();
  readonly #parent: Graph | undefined;
  #counter = 0;

  /** A graph inside of `parent` (a loop's body): it can read the values of its parent, which keeps its constants. */
  constructor(parent?: Graph) {
    this.#parent = parent;
  }

  #newName(prefix: string): Value {
    return this.#parent ? this.#parent.#newName(prefix) : `${prefix}${this.#counter++}`;
  }

  /** Adds a node with one output of the standard operator set. */
  op(opType: string, input: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return only(this.#add(opType, input, attributes, '', 1));
  }

  /** Adds a node with one output of the contrib operator set. */
  contrib(opType: string, input: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return only(this.#add(opType, input, attributes, contrib, 1));
  }

  /** Adds a node with `outputs` outputs. */
  ops(
    opType: string,
    input: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: number,
    domain: '' | typeof contrib = '',
  ): Value[] {
    return this.#add(opType, input, attributes, domain, outputs);
  }

  #add(
    opType: string,
    input: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
    domain: string,
    outputs: number,
  ): Value[] {
    const output = Array.from({ length: outputs }, () => this.#newName('v'));
    this.#nodes.push({ opType, input, output, attributes, domain });
    return output;
  }

  /** An input of the graph. */
  input(name: Value, type: ElementType, dims: readonly Dimension[]): Value {
    this.#inputs.push({ name, type, dims, sequence: false });
    return name;
  }

  /**
   * A loop over the first dimension of `inputs`: `build` adds to a graph inside of this one what is computed for one
   * element of each, and names the results. Returns them for all elements, stacked. Operator Scan.
   */
  scan<const Inputs extends readonly Typed[], const Results extends readonly Typed[]>(
    inputs: Inputs,
    build: (body: Graph, elements: ValuesOf<Inputs>) => Results,
  ): ValuesOf<Results> {
    const body = new Graph(this);
    const port = (prefix: string, type: ElementType) => {
      return { name: this.#newName(prefix), type, dims: undefined, sequence: false };
    };
    const elements = inputs.map(({ type }) => port('e', type));
    body.#inputs.push(...elements);
    const results = build(body, elements.map(({ name }) => name) as ValuesOf<Inputs>);
    for (const { value, type } of results) {
      const result = port('r', type);
      body.#nodes.push({ opType: 'Identity', input: [value], output: [result.name], attributes: {}, domain: '' });
      body.#outputs.push(result);
    }
    const values = inputs.map(({ value }) => value);
    const attributes = { body, num_scan_inputs: values.length };
    return this.ops('Scan', values, attributes, results.length) as ValuesOf<Results>;
  }

  /** Makes `value` an output of the graph under `name`. Outputs keep the order of these calls. */
  output(name: Value, value: Value, type: ElementType, dims: readonly Dimension[]): void {
    this.#nodes.push({ opType: 'Identity', input: [value], output: [name], attributes: {}, domain: '' });
    this.#outputs.push({ name, type, dims, sequence: false });
  }

  /** Names an output that a node writes itself (no Identity in between, so that it can alias a pre-allocated fetch). */
  outputOf(
    opType: string,
    input: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
    ports: readonly {
      name: Value;
      type: ElementType;
      dims: readonly Dimension[];
      output: boolean;
      sequence?: boolean;
    }[],
    domain: '' | typeof contrib = '',
  ): void {
    this.#nodes.push({ opType, input, output: ports.map((port) => port.name), attributes, domain });
    for (const { output, sequence, ...port } of ports) {
      if (output) {
        this.#outputs.push({ ...port, sequence: sequence ?? false });
      }
    }
  }

  /** A constant tensor held in the model itself. Equal small constants are shared. */
  constant(type: ElementType, dims: readonly number[], data: Numeric): Value {
    if (this.#parent) {
      return this.#parent.constant(type, dims, data);
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key =
      bytes.length <= sharedBytes ? `${type}|${dims.join()}|${Buffer.from(bytes).toString('latin1')}` : undefined;
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known !== undefined) {
      return known;
    }
    const name = this.#newName('c');
    this.#initializers.push({ name, type, dims, data: bytes });
    if (key !== undefined) {
      this.#shared.set(key, name);
    }
    return name;
  }

  /** A float constant: a scalar, or a vector when an array is given. */
  float(value: number | readonly number[]): Value {
    return typeof value === 'number'
      ? this.constant('float', [], Float32Array.of(value))
      : this.constant('float', [value.length], Float32Array.from(value));
  }

  /** An int64 constant: a scalar, or a vector (shapes, axes) when an array is given. */
  int64(value: number | readonly number[]): Value {
    return typeof value === 'number'
      ? this.constant('int64', [], BigInt64Array.of(BigInt(value)))
      : this.constant('int64', [value.length], BigInt64Array.from(value, BigInt));
  }

  /** A constant tensor in a side file; asking twice for one name gives the same value. */
  external(name: Value, type: ElementType, dims: readonly number[], data: ExternalData): Value {
    if (this.#parent) {
      return this.#parent.external(name, type, dims, data);
    }
    if (!this.#externals.has(name)) {
      this.#externals.add(name);
      this.#initializers.push({ name, type, dims, data });
    }
    return name;
  }

  /** Nodes that were added, needed or not. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** The model as bytes of a `.onnx` file. */
  serialize(): Uint8Array {
    return encodeModel({
      irVersion: 10,
      opsetImport: [
        { domain: '', version: 21 },
        { domain: contrib, version: 1 },
      ],
      graph: this.#encode(),
    });
  }

  /** The nodes that outputs depend on. Every node follows those that it reads from. */
  #needed(): Node[] {
    const read = new Set(this.#outputs.map(({ name }) => name));
    const readBy = ({ input, attributes }: Node): void => {
      input.forEach((value) => read.add(value));
      for (const inner of Object.values(attributes)) {
        if (inner instanceof Graph) {
          inner.#nodes.forEach(readBy);
        }
      }
    };
    const needed = this.#nodes.toReversed().filter((node) => {
      const isRead = node.output.some((value) => read.has(value));
      if (isRead) {
        readBy(node);
      }
      return isRead;
    });
    return needed.reverse();
  }

  #encode(): Record<string, unknown> {
    return {
      name: 'graph',
      node: this.#needed().map((node, index) => ({
        opType: node.opType,
        name: `${node.opType}_${index}`,
        input: node.input,
        output: node.output,
        domain: node.domain,
        attribute: Object.entries(node.attributes).map(([name, value]) =>
          value instanceof Graph ? { name, g: value.#encode(), type: 5 } : encodeAttribute(name, value),
        ),
      })),
      input: this.#inputs.map(encodePort),
      output: this.#outputs.map(encodePort),
      initializer: this.#initializers.map(encodeInitializer),
    };
  }
}

function encodeAttribute(name: string, value: Exclude<Attribute, Graph>): Record<string, unknown> {
  if (typeof value === 'number') {
    return { name, i: value, type: 2 };
  }
  if (typeof value === 'string') {
    return { name, s: new TextEncoder().encode(value), type: 3 };
  }
  return 'float' in value ? { name, f: value.float, type: 1 } : { name, ints: value, type: 7 };
}

function encodePort(port: Port): Record<string, unknown> {
  const dim = port.dims?.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const tensor = { tensorType: { elemType: elementType[port.type], ...(dim && { shape: { dim } }) } };
  return { name: port.name, type: port.sequence ? { sequenceType: { elemType: tensor } } : tensor };
}

function encodeInitializer({ name, type, dims, data }: Initializer): Record<string, unknown> {
  const tensor = { name, dims, dataType: elementType[type] };
  if (data instanceof Uint8Array) {
    return { ...tensor, rawData: data };
  }
  const externalData = Object.entries(data).map(([key, value]) => ({ key, value: String(value) }));
  return { ...tensor, dataLocation: 1, externalData };
}
