/**
 * MPI through foreign function calls: finds the library, and binds the functions that are used here. There are two
 * binary interfaces: Open MPI's, with addresses of symbols as handles, and that of MPICH and compatible libraries
 * (Intel MPI, MVAPICH, Cray), with integers as handles. The values are taken from their `mpi.h`.
 */
import { describe, UserError } from "../errors.ts";
import type { Family } from "./launcher.ts";

/** Handle of a communicator, type or operation. */
export type Handle = number | Deno.PointerObject;
type Pointer = Deno.PointerValue;
/** What MPI reads or fills: a view of any memory, including the cpu device's. */
type Memory = NodeJS.TypedArray;

/** The functions of MPI that are used here. Each returns an error code; 0 is success. */
export interface Functions {
  MPI_Init_thread(argc: null, argv: null, level: number, provided: Int32Array): number;
  MPI_Comm_rank(comm: Handle, rank: Int32Array): number;
  MPI_Comm_size(comm: Handle, size: Int32Array): number;
  MPI_Comm_set_errhandler(comm: Handle, handler: Handle): number;
  MPI_Error_string(code: number, text: Uint8Array, length: Int32Array): number;
  MPI_Get_processor_name(text: Uint8Array, length: Int32Array): number;
  MPI_Allreduce(from: Pointer, to: Memory, n: number, type: Handle, op: Handle, comm: Handle): number;
  // deno-fmt-ignore
  MPI_Iallreduce(from: Pointer, to: Memory, n: number, type: Handle, op: Handle, comm: Handle, request: Memory): number;
  MPI_Test(request: Memory, flag: Int32Array, status: Pointer): number;
  MPI_Wait(request: Memory, status: Pointer): number;
  /** MPI_Wait on a thread of its own. Its arguments must not be garbage-collected or moved while it runs. */
  MPI_Wait_aside(request: Memory, status: Pointer): Promise<number>;
  MPI_Bcast(bytes: Memory, n: number, type: Handle, root: number, comm: Handle): number;
  // deno-fmt-ignore
  MPI_Allgather(from: Memory, n: number, type: Handle, to: Memory, each: number, toType: Handle, comm: Handle): number;
  // deno-fmt-ignore
  MPI_Alltoallv(from: Memory, counts: Int32Array, starts: Int32Array, type: Handle, to: Memory, toCounts: Int32Array, toStarts: Int32Array, toType: Handle, comm: Handle): number;
  MPI_Barrier(comm: Handle): number;
  MPI_Send(from: Memory, n: number, type: Handle, to: number, tag: number, comm: Handle): number;
  MPI_Iprobe(from: number, tag: number, comm: Handle, flag: Int32Array, status: Pointer): number;
  // deno-fmt-ignore
  MPI_Recv(to: Memory, n: number, type: Handle, from: number, tag: number, comm: Handle, status: Pointer): number;
  MPI_Abort(comm: Handle, code: number): number;
  MPI_Finalize(): number;
}

/** `handle` stands for the library's type of handles. */
type Type = "handle" | "i32" | "pointer" | "buffer";

const PARAMETERS: Readonly<Record<keyof Functions, readonly Type[]>> = {
  MPI_Init_thread: ["pointer", "pointer", "i32", "buffer"],
  MPI_Comm_rank: ["handle", "buffer"],
  MPI_Comm_size: ["handle", "buffer"],
  MPI_Comm_set_errhandler: ["handle", "handle"],
  MPI_Error_string: ["i32", "buffer", "buffer"],
  MPI_Get_processor_name: ["buffer", "buffer"],
  MPI_Allreduce: ["pointer", "buffer", "i32", "handle", "handle", "handle"],
  MPI_Iallreduce: ["pointer", "buffer", "i32", "handle", "handle", "handle", "buffer"],
  MPI_Test: ["buffer", "buffer", "pointer"],
  MPI_Wait: ["buffer", "pointer"],
  MPI_Wait_aside: ["buffer", "pointer"],
  MPI_Bcast: ["buffer", "i32", "handle", "i32", "handle"],
  MPI_Allgather: ["buffer", "i32", "handle", "buffer", "i32", "handle", "handle"],
  MPI_Alltoallv: ["buffer", "buffer", "buffer", "handle", "buffer", "buffer", "buffer", "handle", "handle"],
  MPI_Barrier: ["handle"],
  MPI_Send: ["buffer", "i32", "handle", "i32", "i32", "handle"],
  MPI_Iprobe: ["i32", "i32", "handle", "buffer", "pointer"],
  MPI_Recv: ["buffer", "i32", "handle", "i32", "i32", "handle", "pointer"],
  MPI_Abort: ["handle", "i32"],
  MPI_Finalize: [],
};

/** Ends the names of functions that run on a thread of their own. */
const ASIDE = /_aside$/;

/** Values that both families share, except for the longest text: that is MPICH's, the longer of the two. */
export const MPI = { threadMultiple: 3, longestText: 8192 } as const;

interface Constants {
  readonly world: Handle;
  readonly float: Handle;
  readonly double: Handle;
  readonly byte: Handle;
  readonly integer: Handle;
  readonly add: Handle;
  readonly errorsReturn: Handle;
  readonly inPlace: Pointer;
  readonly ignoreStatus: Pointer;
}

const MPICH = {
  world: 0x44000000,
  float: 0x4c00040a,
  double: 0x4c00080b,
  byte: 0x4c00010d,
  integer: 0x4c000439,
  add: 0x58000003,
  errorsReturn: 0x54000001,
};
const OPEN_MPI = {
  world: "ompi_mpi_comm_world",
  float: "ompi_mpi_float",
  double: "ompi_mpi_double",
  byte: "ompi_mpi_byte",
  integer: "ompi_mpi_int32_t",
  add: "ompi_mpi_op_sum",
  errorsReturn: "ompi_mpi_errors_return",
};
/** Addresses with a special meaning, which point at nothing. */
const IN_PLACE = { "MPICH": 0xffff_ffff_ffff_ffffn, "Open MPI": 1n };
const STATUS_IGNORE = { "MPICH": 1n, "Open MPI": 0n };

export interface Library {
  readonly family: Family;
  /** `Open MPI 4.1.4` */
  readonly version: string;
  /** The name or path under which it was found. */
  readonly name: string;
  readonly functions: Functions;
  readonly constants: Constants;
}

/** The names of the libraries in Linux distributions. */
const NAMES: Readonly<Record<Family, readonly string[]>> = {
  "Open MPI": ["libmpi.so.40", "libmpi.so"],
  "MPICH": ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.so"],
};

/** The environment variable that names another library. */
export const LIBRARY = "DESDE_CERO_MPI";

/**
 * Finds the library that the launcher works with.
 * @param family the launcher's, if it is known
 * @param given the name or path of a library to use instead
 * @param open binds a library, or says why it cannot
 * @throws {UserError} if there is none
 */
export function findLibrary(family: Family | null, given: string | undefined, open = tryLibrary): Library {
  if (given) {
    const found = open(given);
    if (typeof found !== "string") return found;
    throw new UserError(`${LIBRARY}: ${given} cannot be used (${found}); name a library of MPI, or unset it`);
  }
  const families: readonly Family[] = family ? [family] : ["Open MPI", "MPICH"];
  for (const name of families.flatMap((each) => NAMES[each])) {
    const found = open(name);
    if (typeof found !== "string" && families.includes(found.family)) return found;
  }
  const install = { "Open MPI": "openmpi-bin", "MPICH": "mpich" };
  throw new UserError(
    `this process was started by ${family ? `the mpiexec of ${family}` : "a launcher of MPI"}, but no ` +
      `library of ${families.join(" or ")} was found; on Debian and Ubuntu: apt-get install ` +
      `${
        families.map((each) => install[each]).join(" or ")
      }, elsewhere set ${LIBRARY} to its path, such as ` +
      "/opt/mpi/lib/libmpi.so",
  );
}

/** Binds a library, or says why it cannot be used. */
function tryLibrary(name: string): Library | string {
  let version: string;
  try {
    version = readVersion(name);
  } catch (error) {
    return describe(error);
  }
  const family = version.startsWith("Open MPI") ? "Open MPI" : "MPICH";
  const handle = family === "Open MPI" ? "pointer" : "i32";
  const symbols = Object.entries(PARAMETERS).map(([symbol, types]) => {
    const parameters = types.map((type) => type === "handle" ? handle : type);
    const name = symbol.replace(ASIDE, "");
    return [symbol, { name, parameters, result: "i32", nonblocking: name !== symbol }] as const;
  });
  const statics = family === "Open MPI"
    ? Object.values(OPEN_MPI).map((symbol) => [symbol, { type: "pointer" }] as const)
    : [];
  const opened = Deno.dlopen(
    name,
    Object.fromEntries<Deno.ForeignLibraryInterface[string]>([
      ...symbols,
      ...statics,
    ]),
  ).symbols as unknown as Record<string, Handle>;
  const handles = family === "Open MPI"
    ? Object.fromEntries(Object.entries(OPEN_MPI).map(([key, symbol]) => [key, opened[symbol]]))
    : MPICH;
  return {
    family,
    version,
    name,
    functions: opened as unknown as Functions,
    constants: {
      ...handles as Omit<Constants, "inPlace" | "ignoreStatus">,
      inPlace: Deno.UnsafePointer.create(IN_PLACE[family]),
      ignoreStatus: Deno.UnsafePointer.create(STATUS_IGNORE[family]),
    },
  };
}

/** `Open MPI 4.1.4` or `MPICH 4.0.2`. This is the one function that may be called before MPI is initialised. */
function readVersion(name: string): string {
  const { symbols } = Deno.dlopen(name, {
    MPI_Get_library_version: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  const text = new Uint8Array(MPI.longestText), length = new Int32Array(1);
  symbols.MPI_Get_library_version(text, length);
  const [line] = new TextDecoder().decode(text.subarray(0, length[0])).split("\n");
  // "MPICH Version:	4.0.2" and "Open MPI v4.1.4, package: …"
  return line.split(",")[0].replace(/\s*Version:\s*/, " ").replace(/ v(?=\d)/, " ").replaceAll("\0", "");
}
