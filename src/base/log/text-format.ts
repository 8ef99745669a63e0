import { escapeControls } from "#base";

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

interface JsonRecord {
  [key: string]: Value;
  time: string;
  level: string;
  logger: string;
  msg: string;
}

/** "WARN " is as wide as "ERROR", so that what follows lines up. */
const LEVEL_CHARACTERS = 5;
const BARE_KEY = /^[\w.\-/]+$/;
const BARE_TEXT = /^[^\s"=\\]+$/;

/**
 * What people read of a record that comes as a line of JSON:
 * `HH:MM:SS.mmm LEVEL logger: message key=value`, in UTC, so that nodes compare. One line without
 * its end; what comes from outside can neither break it nor reach the terminal as a command.
 */
export function formatText(json: string): string {
  const { time, level, logger, msg, ...fields } = JSON.parse(json) as JsonRecord;
  const clock = time.split("T")[1]?.slice(0, "HH:MM:SS.mmm".length) ?? time;
  const parts = [`${clock} ${level.toUpperCase().padEnd(LEVEL_CHARACTERS)} ${logger}: ${msg}`];
  for (const [key, value] of Object.entries(fields)) {
    if (isErrorRecord(value)) parts.push(...formatError(key, value));
    else parts.push(`${formatKey(key)}=${formatValue(value)}`);
  }
  return escapeControls(parts.join(" "));
}

interface ErrorShape {
  [key: string]: Value;
  type: string;
  message: string;
}

function isErrorRecord(value: Value | undefined): value is ErrorShape {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    typeof value["type"] === "string" &&
    typeof value["message"] === "string"
  );
}

/** The message first, which holds those of the causes by the way that errors are wrapped. */
function formatError(key: string, error: ErrorShape): string[] {
  const name = formatKey(key);
  const { message, code, fields, stack, cause, errors } = error;
  const parts = [`${name}=${formatValue(message)}`];
  if (code !== undefined) parts.push(`${name}.code=${formatValue(code)}`);
  for (const [field, value] of Object.entries(fields ?? {})) {
    parts.push(`${name}.${formatKey(field)}=${formatValue(value)}`);
  }
  const place = typeof stack === "string" ? /\n\s+at (.+)/.exec(stack)?.[1] : undefined;
  if (place !== undefined) parts.push(`${name}.at=${formatValue(place)}`);
  if (isErrorRecord(cause) && !message.includes(cause.message)) {
    parts.push(...formatError(`${key}.cause`, cause));
  }
  for (const [index, each] of Array.isArray(errors) ? errors.entries() : []) {
    if (isErrorRecord(each) && !message.includes(each.message)) {
      parts.push(...formatError(`${key}.${index}`, each));
    }
  }
  return parts;
}

function formatKey(key: string): string {
  return BARE_KEY.test(key) ? key : JSON.stringify(key);
}

function formatValue(value: Value | undefined): string {
  if (typeof value === "string" && BARE_TEXT.test(value)) return value;
  return JSON.stringify(value) ?? "undefined";
}
