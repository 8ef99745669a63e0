import { ByteReader, DecodeError } from "#base";
import { readStrings } from "../elf/strings.ts";
import { BTF_MAGIC, BTF_VERSION } from "./format.ts";

/** More than an object's instructions could need. */
const MAX_RECORDS = 1_000_000;
/** A header that ends before the place of CO-RE relocations has none. */
const HEADER_BYTES_WITHOUT_CORE = 24;
const HEADER_BYTES_WITH_CORE = 32;
const FUNCTION_RECORD_BYTES = 8;
const LINE_RECORD_BYTES = 16;
const CORE_RECORD_BYTES = 16;

/** What `.BTF.ext` says about the code of one section. */
export interface SectionInfo {
  /** In order of offset. */
  readonly functions: readonly FunctionRecord[];
  readonly lines: readonly LineRecord[];
}

interface FunctionRecord {
  /** Bytes from the section's start. */
  readonly offset: number;
  readonly typeId: number;
}

export interface LineRecord {
  /** Bytes from the section's start. */
  readonly offset: number;
  readonly fileNameOffset: number;
  readonly lineOffset: number;
  readonly lineAndColumn: number;
}

export interface BtfExt {
  /** By the name of the section. */
  readonly sections: ReadonlyMap<string, SectionInfo>;
  /** How many CO-RE relocations there are, and where the first stands. */
  readonly coreRelocations: number;
  readonly coreOffset: number;
}

interface Part {
  section: string;
  records: ByteReader;
  count: number;
  recordBytes: number;
}

/** Reads `.BTF.ext`; `strings` are those of `.BTF`. */
export function decodeBtfExt(bytes: Uint8Array, strings: Uint8Array, fileOffset = 0): BtfExt {
  const reader = new ByteReader(bytes, fileOffset);
  if (reader.u16le("the BTF.ext magic") !== BTF_MAGIC) {
    throw new DecodeError("this is no BTF.ext", fileOffset);
  }
  const version = reader.u8("the BTF.ext version");
  if (version !== BTF_VERSION) {
    throw new DecodeError(`BTF.ext version ${version} is unknown`, fileOffset + 2);
  }
  reader.skip(1, "BTF.ext's flags");
  const headerBytes = reader.u32le("BTF.ext's header size");
  if (headerBytes < HEADER_BYTES_WITHOUT_CORE) {
    throw new DecodeError(`a BTF.ext header of ${headerBytes} bytes is too short`, fileOffset + 4);
  }
  const hasCore = headerBytes >= HEADER_BYTES_WITH_CORE;
  const places = Array.from({ length: hasCore ? 3 : 2 }, () => ({
    offset: reader.u32le("BTF.ext's header"),
    length: reader.u32le("BTF.ext's header"),
  }));
  const [functions, lines, core = []] = places.map(({ offset, length }, index) => {
    reader.seek(fileOffset + headerBytes + offset, "a part of BTF.ext");
    const smallest = [FUNCTION_RECORD_BYTES, LINE_RECORD_BYTES, CORE_RECORD_BYTES][index] ?? 0;
    return readParts(reader.sub(length, "a part of BTF.ext"), smallest, strings);
  });
  return {
    sections: gather(functions ?? [], lines ?? []),
    coreRelocations: core.reduce((sum, { count }) => sum + count, 0),
    coreOffset: core[0]?.records.offset ?? 0,
  };
}

function readParts(reader: ByteReader, smallest: number, strings: Uint8Array): Part[] {
  if (reader.remaining === 0) return [];
  const names = readStrings(strings, 0);
  const at = reader.offset;
  const recordBytes = reader.u32le("a record's size");
  if (recordBytes < smallest || recordBytes % 4 !== 0) {
    throw new DecodeError(`records of ${recordBytes} bytes, ${smallest} are needed`, at);
  }
  const parts: Part[] = [];
  let total = 0;
  while (reader.remaining > 0) {
    const section = names.at(reader.u32le("a section's name"), "a section's name");
    const count = reader.u32le("a number of records");
    total += count;
    if (total > MAX_RECORDS) throw new DecodeError(`more than ${MAX_RECORDS} records`, at);
    const records = reader.sub(count * recordBytes, "records");
    parts.push({ section, records, count, recordBytes });
  }
  return parts;
}

function gather(functionParts: readonly Part[], lineParts: readonly Part[]): BtfExt["sections"] {
  const sections = new Map<string, { functions: FunctionRecord[]; lines: LineRecord[] }>();
  const entry = (name: string): { functions: FunctionRecord[]; lines: LineRecord[] } => {
    const known = sections.get(name) ?? { functions: [], lines: [] };
    sections.set(name, known);
    return known;
  };
  for (const part of functionParts) {
    const { functions } = entry(part.section);
    for (const reader of eachRecord(part)) {
      functions.push({ offset: reader.u32le(), typeId: reader.u32le() });
    }
  }
  for (const part of lineParts) {
    const { lines } = entry(part.section);
    for (const reader of eachRecord(part)) {
      lines.push({
        offset: reader.u32le(),
        fileNameOffset: reader.u32le(),
        lineOffset: reader.u32le(),
        lineAndColumn: reader.u32le(),
      });
    }
  }
  for (const { functions, lines } of sections.values()) {
    functions.sort((a, b) => a.offset - b.offset);
    lines.sort((a, b) => a.offset - b.offset);
  }
  return sections;
}

/** A reader at the start of each record, whose size a later compiler may have raised. */
function* eachRecord({ records, count, recordBytes }: Part): Generator<ByteReader> {
  for (let index = 0; index < count; index++) yield records.sub(recordBytes, "a record");
}
