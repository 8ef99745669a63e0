import { AppError, type AppErrorOptions } from "#base";

/** Lines of the log that the message shows; `log` has all of them. */
const SHOWN_LINES = 8;

/** A program that the verifier refuses, with what it said and the line of C that it is about. */
export class VerifierError extends AppError {
  override readonly name: string = "VerifierError";
  readonly program: string;
  /** All that the verifier said. */
  readonly log: string;
  /** The last line of C that it quoted: what it was looking at. */
  readonly sourceLine: string | undefined;

  constructor(program: string, log: string, options: AppErrorOptions = {}) {
    const { reason, sourceLine, tail } = readVerifierLog(log);
    const at = sourceLine === undefined ? "" : `\n  at: ${sourceLine}`;
    const message = `the verifier refuses program ${program}: ${reason}${at}\n${tail}`;
    super("verifier", message.trimEnd(), { ...options, fields: { ...options.fields, program } });
    this.program = program;
    this.log = log;
    this.sourceLine = sourceLine;
  }
}

/** What a person wants first of a log that may have a hundred thousand lines. */
function readVerifierLog(log: string): {
  reason: string;
  sourceLine: string | undefined;
  tail: string;
} {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const said = lines.filter(
    (line) => !/^(processed \d+ insns|verification time|stack depth)/.test(line),
  );
  const reason = said.findLast((line) => !line.startsWith(";")) ?? "it does not say why";
  // `; return *data; @ bad.bpf.c:17` from Linux 6.10 on, and without the place before.
  const quoted = said.findLast((line) => line.startsWith("; "));
  const sourceLine = quoted?.slice(2).replace(/ @ (\S+:\d+)$/, " ($1)");
  const tail = said
    .slice(-SHOWN_LINES)
    .map((line) => `  | ${line}`)
    .join("\n");
  return { reason: reason.trim(), sourceLine, tail };
}
