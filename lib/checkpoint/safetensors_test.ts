import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import { encodeSafetensors, readSafetensors } from "./safetensors.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const utf8 = new TextEncoder();

/** A file with the given header text and so many bytes of data. */
function fileOf(header: string, data: Bytes | number): Bytes {
  const text = utf8.encode(header), bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + text.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(bytes, 8 + text.length);
  return file;
}

async function inFile(test: (read: (file: Bytes) => ReturnType<typeof readSafetensors>) => Promise<void>) {
  const path = await Deno.makeTempFile();
  try {
    await test((file) => {
      Deno.writeFileSync(path, file);
      return readSafetensors(path);
    });
  } finally {
    await Deno.remove(path);
  }
}

const one = (shape: string, offsets: string, dtype = "F32") =>
  `"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

Deno.test("files that keep the format's rules are read: scalars, empty tensors, masks, any order, padding", () =>
  inFile(async (read) => {
    const header = `{"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]},${one("[2,0]", "[0,0]")},` +
      `"mask":{"dtype":"U8","shape":[1,3],"data_offsets":[8,11]},"__metadata__":{"format":"pt"},` +
      `"h":{"data_offsets":[11,13],"dtype":"BF16","shape":[1]},"__proto__":{"dtype":"F32","shape":[1],` +
      `"data_offsets":[0,4]}}   `;
    const { tensors, metadata } = await read(
      fileOf(header, Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64, 1, 1, 1, 128, 191)),
    );
    assertEquals([...tensors.keys()].sort(), ["__proto__", "a", "b", "h"]);
    assertEquals([...tensors.values()].flatMap(({ data }) => [...data]).sort(), [-1, 1, 2]);
    assertEquals(metadata, { format: "pt" });
    assertEquals((await read(fileOf("{}", 0))).tensors.size, 0);
  }));

const faults: [name: string, header: string, data: number, says: string][] = [
  ["a hole between tensors", `{${one("[1]", "[4,8]")}}`, 8, "4 bytes before a belong to no tensor"],
  ["bytes after the last tensor", `{${one("[1]", "[0,4]")}}`, 5, "1 bytes too many"],
  [
    "tensors that overlap",
    `{${one("[2]", "[0,8]")},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
    8,
    "b overlaps",
  ],
  ["a tensor past the end", `{${one("[2]", "[0,8]")}}`, 4, "it ends inside a"],
  ["a shape that is not its bytes'", `{${one("[3]", "[0,8]")}}`, 8, "a has shape [3] of F32, but 8 bytes"],
  ["a shape that overflows", `{${one("[9007199254740991,9007199254740991]", "[0,8]")}}`, 8, "a has shape"],
  ["ends in the wrong order", `{${one("[1]", "[4,0]")}}`, 4, "but -4 bytes"],
  ["an offset below zero", `{${one("[1]", "[-4,0]")}}`, 4, "the number -4"],
  ["an offset with a point", `{${one("[1]", "[0,4.0]")}}`, 4, "the number 4.0"],
  ["an offset past what numbers hold", `{${one("[1]", "[0,9007199254740993]")}}`, 4, "a.data_offsets.1"],
  ["one offset", `{${one("[1]", "[0]")}}`, 4, "a.data_offsets"],
  ["a shape of texts", `{${one('["1"]', "[0,4]")}}`, 4, "a.shape.0"],
  ["a tensor twice", `{${one("[1]", "[0,4]")},${one("[1]", "[0,4]")}}`, 4, '"a" twice'],
  ["a tensor twice, spelled otherwise", `{${one("[1]", "[0,4]")},"\\u0061":0}`, 4, '"a" twice'],
  [
    "a key of a tensor twice",
    `{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}`,
    4,
    '"shape" twice',
  ],
  ["an unknown key", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4, "a: "],
  ["a tensor that is null", `{"a":null}`, 0, "a: "],
  ["metadata with a number", `{"__metadata__":{"a":1}}`, 0, "__metadata__ holds more than texts"],
  ["metadata that is null", `{"__metadata__":null}`, 0, "__metadata__ holds more than texts"],
  ["a type that is not read", `{${one("[1]", "[0,8]", "F64")}}`, 8, "a has type F64"],
  ["a type of JavaScript's", `{${one("[1]", "[0,8]", "constructor")}}`, 8, "a has type constructor"],
  ["a list as header", `[]`, 0, "no JSON object"],
  ["space before the header", ` {}`, 0, "no JSON object"],
  ["half a surrogate pair", `{"\\ud800":0}`, 0, "half a surrogate pair"],
];
for (const [name, header, data, says] of faults) {
  Deno.test(`safetensors with ${name} are refused`, () =>
    inFile(async (read) => {
      await assertRejects(() => read(fileOf(header, data)), UserError, says);
    }));
}

Deno.test("safetensors with numbers that are not finite, or not UTF-8, or a header too long are refused", () =>
  inFile(async (read) => {
    for (const bits of [0x7f800000, 0xff800000, 0x7fc00000]) {
      const data = new Uint8Array(Uint32Array.of(bits).buffer);
      await assertRejects(
        () => read(fileOf(`{${one("[1]", "[0,4]")}}`, data)),
        UserError,
        "a holds a number",
      );
    }
    const cut = fileOf('{"é":0}', 0);
    cut[10] = 0xff;
    await assertRejects(() => read(cut), UserError, "its header is no JSON");
    const long = fileOf("{}", 0);
    long[15 - 8] = 0x7f;
    await assertRejects(() => read(long), UserError, "the header is cut off");
    await assertRejects(
      () => read(fileOf(" ".repeat(100_000_001), 0)),
      UserError,
      "of 100000001 bytes is too long",
    );
  }));

/** A reader written from the specification alone. Returns the tensors' types, or throws at the first violation. */
function strictlyRead(file: Bytes): string[] {
  const refuse = (why: string): never => {
    throw new Error(why);
  };
  if (file.length < 8) refuse("no length");
  const length = new DataView(file.buffer).getBigUint64(0, true);
  if (length > 100_000_000n || Number(length) > file.length - 8) refuse("length");
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    file.subarray(8, 8 + Number(length)),
  );
  if (text[0] !== "{") refuse("no {");
  let at = 0;
  const space = () => {
    while (at < text.length && " \t\r\n".includes(text[at])) at++;
  };
  const take = (expected: string) => text.startsWith(expected, at) ? (at += expected.length, true) : false;
  const string = (): string => {
    const start = at;
    if (!take('"')) refuse("no string");
    while (text[at] !== '"') {
      if (at >= text.length) refuse("endless string");
      at += text[at] === "\\" ? 2 : 1;
    }
    at++;
    const value: string = JSON.parse(text.slice(start, at));
    return value.isWellFormed() ? value : refuse("surrogate");
  };
  const list = <T>(open: string, close: string, item: () => T): T[] => {
    const items: T[] = [];
    if (!take(open)) refuse(`no ${open}`);
    space();
    if (take(close)) return items;
    do {
      space();
      items.push(item());
      space();
    } while (take(","));
    return take(close) ? items : refuse(`no ${close}`);
  };
  const object = <T>(value: (key: string) => T): Map<string, T> => {
    const entries = list("{", "}", () => {
      const key = string();
      space();
      if (!take(":")) refuse("no :");
      space();
      return [key, value(key)] as const;
    });
    const map = new Map(entries);
    return map.size === entries.length ? map : refuse("a key twice");
  };
  const natural = (): bigint => {
    const digits = /^(0|[1-9]\d*)/.exec(text.slice(at, at + 20))?.[0] ?? refuse("no natural number");
    at += digits.length;
    return BigInt(digits);
  };
  const entries = object((name) => {
    if (name === "__metadata__") return void object(string);
    return object((key) => key === "dtype" ? string() : list("[", "]", natural));
  });
  space();
  if (at < text.length) refuse("more than an object");
  const bits: Record<string, bigint> = {
    ...{ BOOL: 8n, U8: 8n, I8: 8n, U16: 16n, I16: 16n, U32: 32n, I32: 32n, U64: 64n, I64: 64n },
    ...{ F8_E5M2: 8n, F8_E4M3: 8n, F16: 16n, BF16: 16n, F32: 32n, F64: 64n },
  };
  const tensors = [...entries].flatMap(([, entry]) => {
    if (!entry) return [];
    const [dtype, shape, offsets] = ["dtype", "shape", "data_offsets"].map((key) => entry.get(key));
    if (entry.size !== 3 || typeof dtype !== "string" || !Array.isArray(shape) || !Array.isArray(offsets)) {
      return refuse("keys");
    }
    if (offsets.length !== 2 || !Object.hasOwn(bits, dtype)) return refuse("offsets or type");
    const [from, to] = offsets as bigint[];
    const size = (shape as bigint[]).reduce((a, b) => a * b, bits[dtype]) / 8n;
    return to - from === size ? [{ dtype, from, to }] : refuse("size");
  }).sort((a, b) => Number(a.from - b.from) || Number(a.to - b.to));
  const end = tensors.reduce((end, { from, to }) => from === end ? to : refuse("hole or overlap"), 0n);
  if (end !== BigInt(file.length - 8) - length) refuse("end");
  return tensors.map(({ dtype }) => dtype);
}

Deno.test("of 5,000 damaged files each is refused in one line, or accepted by a strict reader, too", () =>
  inFile(async (read) => {
    const tensors = [
      ["wte", { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -2, 3, 0.5, 0, 7) }],
      ["h.0.bias", { dtype: "float32", shape: [4], data: Float32Array.of(0.25, 1, 2, 3) }],
      ["empty", { dtype: "float32", shape: [0], data: new Float32Array(0) }],
    ] as const;
    const whole = (chunks: Bytes[]) => new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
    const sound = [
      whole(encodeSafetensors(tensors)),
      whole(
        encodeSafetensors(tensors.map(([name, weight]) => [name, { ...weight, dtype: "float16" }]), {
          step: "7",
        }),
      ),
      fileOf(
        `{"m":{"dtype":"BOOL","shape":[2,2],"data_offsets":[0,4]},"a":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}`,
        8,
      ),
    ];
    const fragments = [
      "0",
      "1",
      "4",
      "8",
      "12",
      "24",
      "-1",
      "1.0",
      "1e1",
      "9007199254740993",
      "null",
      '"wte"',
      "[]",
      "{}",
    ];
    fragments.push(
      "[0]",
      ",",
      ":",
      '"',
      "\\u0077",
      " ",
      "F32",
      "F16",
      "I8",
      "F64",
      '"shape":[4],',
      "__metadata__",
    );
    const tally = { accepted: 0, refused: 0 };
    for (let i = 0; i < 5_000; i++) {
      let draws = 0;
      const draw = (n: number) => Math.floor(n * uniform(deriveSeed(5, "damage", i), draws++));
      const from = sound[draw(sound.length)];
      const length = Number(new DataView(from.buffer).getBigUint64(0, true));
      let file: Bytes;
      if (draw(3) === 0) { // anywhere: bytes changed, removed or added
        const bytes = [...from];
        for (let n = draw(3); n >= 0; n--) {
          bytes.splice(
            draw(bytes.length),
            draw(3),
            ...Array.from({ length: draw(3) }, () => draw(256)),
          );
        }
        file = Uint8Array.from(bytes);
      } else { // in the header, whose length is kept right: a token or a part replaced by another
        let text = new TextDecoder().decode(from.subarray(8, 8 + length));
        for (let n = draw(2); n >= 0; n--) {
          const tokens = [...text.matchAll(/\d+|"[^"]*"|[^\s\w"]/g)];
          const { index, 0: token } = tokens[draw(tokens.length)];
          const end = draw(4) === 0 ? index + draw(40) : index + token.length;
          const other = draw(3) === 0 ? tokens[draw(tokens.length)][0] : fragments[draw(fragments.length)];
          text = text.slice(0, index) + other + text.slice(end);
        }
        file = fileOf(text, from.slice(8 + length));
      }
      let types: string[] | null = null;
      try {
        types = strictlyRead(file);
      } catch {
        // refused by the specification
      }
      const error = await read(file).then(() => null, (error) => error);
      if (error) {
        assert(error instanceof UserError, error);
        assert(!error.message.includes("\n"), error.message);
        // Beyond the specification, our reader only refuses unsupported types and numbers that are not finite.
        assert(
          !types || /has type|not finite/.test(error.message),
          `${error.message}: ${new TextDecoder().decode(file)}`,
        );
        tally.refused++;
      } else {
        assert(types, `accepted: ${new TextDecoder().decode(file)}`);
        tally.accepted++;
      }
    }
    assert(tally.accepted > 50 && tally.refused > 2000, JSON.stringify(tally));
  }));
