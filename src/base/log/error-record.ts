import { AppError, type ErrorFields } from "#base";

/** Errors in one record, causes and gathered ones together: chains can be long, and circles. */
const MAX_ERRORS = 16;

/** An error as a record has it. */
export interface ErrorRecord {
  type: string;
  code?: string;
  message: string;
  fields?: ErrorFields;
  /** Of anything but an AppError: operation brings those, and where they arose is no matter. */
  stack?: string;
  cause?: ErrorRecord;
  /** What an AggregateError gathers. */
  errors?: ErrorRecord[];
}

/** The error as plain data, with its causes; what is not an Error counts by its text. */
export function describeError(error: unknown): ErrorRecord {
  return describe(error, { left: MAX_ERRORS });
}

function describe(error: unknown, budget: { left: number }): ErrorRecord {
  if (budget.left === 0) return { type: "more", message: "more errors are left out" };
  budget.left -= 1;
  if (!(error instanceof Error)) return { type: typeof error, message: asMessage(error) };
  const record: ErrorRecord = { type: error.name, message: error.message };
  if ("code" in error && typeof error.code === "string") record.code = error.code;
  if (!(error instanceof AppError)) {
    if (error.stack !== undefined) record.stack = error.stack;
  } else if (Object.keys(error.fields).length > 0) {
    record.fields = error.fields;
  }
  if (error.cause !== undefined) record.cause = describe(error.cause, budget);
  if (error instanceof AggregateError) {
    record.errors = [];
    for (const each of error.errors) {
      const isCutOff = budget.left === 0;
      record.errors.push(describe(each, budget));
      if (isCutOff) break;
    }
  }
  return record;
}

function asMessage(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  try {
    return JSON.stringify(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}
