import { AppError } from "#base";
import type { LogQuery } from "./log-reader.ts";

/** What a request for logs asks for. */
export function parseLogQuery(
  parameters: URLSearchParams,
  nowMs: number,
): { query: LogQuery; isPrevious: boolean } {
  const isSet = (name: string): boolean => ["1", "true"].includes(parameters.get(name) ?? "");
  const sinceSeconds = countOf(parameters, "sinceSeconds");
  const sinceTime = parameters.get("sinceTime");
  const sinceMs = sinceSeconds === undefined ? parseTime(sinceTime) : nowMs - sinceSeconds * 1000;
  const query = {
    isFollowed: isSet("follow"),
    tailLines: countOf(parameters, "tailLines"),
    sinceMs,
    limitBytes: countOf(parameters, "limitBytes"),
    hasTimestamps: isSet("timestamps"),
  };
  return { query, isPrevious: isSet("previous") };
}

function countOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new AppError("log-query", `${name}: ${JSON.stringify(text)} is not a count`);
}

function parseTime(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new AppError("log-query", `sinceTime: ${JSON.stringify(text)} is not a time`);
  return time;
}
