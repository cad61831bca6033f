/** A computation in ONNX's terms: operators, the values that pass between them, and weights. */

/** The name of a value: an input, a weight, or an operator's result. */
export type Value = string;

/** ONNX's numbers of the element types. */
export const TYPES = { float32: 1, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof TYPES;

/** Values are floats (number), integers (bigint), lists of integers, or texts. */
export type Attributes = Readonly<Record<string, number | bigint | readonly bigint[] | string>>;

export interface Operator {
  readonly type: string;
  /** Unique in its graph. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export interface Initializer {
  readonly name: Value;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An input or output. */
export interface Port {
  readonly name: Value;
  readonly type: ElementType;
  /** A dimension that may vary between calls has a name. */
  readonly shape: readonly (number | string)[];
}

export class Graph {
  readonly operators: Operator[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  readonly #initializers = new Map<Value, Initializer>();
  #section = "";

  get initializers(): readonly Initializer[] {
    return [...this.#initializers.values()];
  }

  /** The names of operators that `build` adds begin with the section's name, such as `blocks.0`. */
  section<R>(name: string, build: () => R): R {
    const outer = this.#section;
    this.#section = `${outer}${name}/`;
    const built = build();
    this.#section = outer;
    return built;
  }

  input(name: Value, type: ElementType, shape: readonly (number | string)[]): Value {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Makes a value an output of that name. */
  output(name: Value, type: ElementType, shape: readonly (number | string)[], value: Value): void {
    this.#add("Identity", [value], {}, [name]);
    this.outputs.push({ name, type, shape });
  }

  /** A weight. A second call with the same name returns the same one. */
  weight(name: Value, shape: readonly number[], data: () => Float32Array): Value {
    if (!this.#initializers.has(name)) {
      this.#initializers.set(name, { name, type: "float32", shape, data: data() });
    }
    return name;
  }

  /** A constant list of integers. */
  ints(...values: number[]): Value {
    const name = `ints_${values.join("_")}`;
    const data = BigInt64Array.from(values, BigInt);
    this.#initializers.set(name, { name, type: "int64", shape: [values.length], data });
    return name;
  }

  /** A constant integer scalar. */
  int(value: number): Value {
    const name = `int_${value}`;
    this.#initializers.set(name, { name, type: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
    return name;
  }

  /** A constant float scalar. */
  float(value: number): Value {
    return this.weight(`float_${value}`, [], () => Float32Array.of(value));
  }

  /** Adds an operator that has one result, and returns that. */
  op(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const name = `${this.#section}${type}_${this.operators.length}`;
    this.#add(type, inputs, attributes, [name]);
    return name;
  }

  /** Cuts the last dimension into parts of these widths. */
  split(value: Value, widths: readonly number[]): Value[] {
    const name = `${this.#section}Split_${this.operators.length}`;
    const parts = widths.map((_, i) => `${name}_${i}`);
    this.#add("Split", [value, this.ints(...widths)], { axis: -1n }, parts);
    return parts;
  }

  cast(value: Value, type: ElementType): Value {
    return this.op("Cast", [value], { to: BigInt(TYPES[type]) });
  }

  #add(type: string, inputs: readonly Value[], attributes: Attributes, outputs: readonly Value[]): void {
    this.operators.push({ type, name: outputs[0], inputs, outputs, attributes });
  }
}
