const FIRST_WORD_MS = 2_000;
const NEXT_WORD_MS = 10_000;

/**
 * Says what is going on once it takes longer than two seconds, and again every ten; people
 * should never have to wonder. `what` is asked anew each time.
 */
export async function announce<T>(
  what: string | (() => string),
  body: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const say = (): void => {
    console.log(`${typeof what === "string" ? what : what()} ... ${secondsSince(began)}`);
    timer = setTimeout(say, NEXT_WORD_MS);
  };
  let timer = setTimeout(say, FIRST_WORD_MS);
  try {
    return await body();
  } finally {
    clearTimeout(timer);
  }
}

/** The time since `began`, a reading of `performance.now()`, as people write it: `4.2 s`. */
export function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
