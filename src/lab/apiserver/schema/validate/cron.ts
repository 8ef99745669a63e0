/** Schedules of cron jobs: why one cannot be read, in the words of the API server's parser. */

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = ["", ..."jan feb mar apr may jun jul aug sep oct nov dec".split(" ")];
const FIELDS: readonly Bounds[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: "sun mon tue wed thu fri sat".split(" ") },
];
const DESCRIPTORS = new Set([
  "@yearly",
  "@annually",
  "@monthly",
  "@weekly",
  "@daily",
  "@midnight",
  "@hourly",
]);
const EVERY = "@every ";
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;
const ZONE = /^(?:CRON_)?TZ=\S* ?/;

/** Undefined where it is right. */
export function cronScheduleError(schedule: string): string | undefined {
  const text = schedule.replace(ZONE, "").trim();
  if (text.startsWith("@")) return descriptorError(text);
  const fields = text.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== FIELDS.length) {
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(" ")}]`;
  }
  for (const [index, field] of fields.entries()) {
    const bounds = FIELDS[index];
    for (const range of field.split(",").filter((each) => each !== "")) {
      const why = bounds && rangeError(range, bounds);
      if (why !== undefined) return why;
    }
  }
  return undefined;
}

function descriptorError(text: string): string | undefined {
  if (DESCRIPTORS.has(text)) return undefined;
  if (!text.startsWith(EVERY)) return `unrecognized descriptor: ${text}`;
  const duration = text.slice(EVERY.length);
  if (duration === "0" || DURATION.test(duration)) return undefined;
  const quoted = JSON.stringify(duration);
  const isBare = /^[-+]?[\d.]+$/.test(duration);
  const why = isBare ? `missing unit in duration ${quoted}` : `invalid duration ${quoted}`;
  return `failed to parse duration ${text}: time: ${why}`;
}

/** `*`, `5`, `5-10`, each with `/2` or without. */
function rangeError(text: string, bounds: Bounds): string | undefined {
  const [range = "", step, ...moreSteps] = text.split("/");
  const [low = "", high, ...moreHighs] = range.split("-");
  const isAll = low === "*" || low === "?";
  const start = isAll ? bounds.least : numberOf(low, bounds);
  if (typeof start === "string") return start;
  if (!isAll && moreHighs.length > 0) return `too many hyphens: ${text}`;
  let end = isAll ? bounds.most : high === undefined ? start : numberOf(high, bounds);
  if (typeof end === "string") return end;
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const every = step === undefined ? 1 : integerOf(step);
  if (typeof every === "string") return every;
  if (step !== undefined && high === undefined) end = bounds.most;
  return boundsError(text, { start, end, every }, bounds);
}

function boundsError(
  text: string,
  { start, end, every }: { start: number; end: number; every: number },
  { least, most }: Bounds,
): string | undefined {
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${text}`;
  if (end > most) return `end of range (${end}) above maximum (${most}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return every === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

function numberOf(text: string, { names }: Bounds): number | string {
  const named = text === "" ? -1 : (names?.indexOf(text.toLowerCase()) ?? -1);
  return named >= 0 ? named : integerOf(text);
}

function integerOf(text: string): number | string {
  if (!/^[-+]?\d+$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    return `failed to parse int from ${text}: ${why}`;
  }
  const number = Number(text);
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
}
