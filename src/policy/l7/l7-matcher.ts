import { fqdnMatcher, normaliseFqdn } from "#identity";
import type { L7Rules, Redirect } from "../rule.ts";
import { compileHttpRule } from "./http.ts";
import { compileKafkaRule } from "./kafka.ts";
import type { L7Request } from "./request.ts";

/** Whether some rule of a set allows a request. */
type RequestTest = (request: L7Request) => boolean;

/** Rules as one test. A request of another protocol than the rules' is refused. */
export function compileL7Rules(rules: L7Rules): RequestTest {
  switch (rules.kind) {
    case "http": {
      const tests = rules.rules.map((rule) => compileHttpRule(rule));
      return (request) => request.kind === "http" && tests.some((test) => test(request));
    }
    case "dns": {
      const tests = rules.rules.map((rule) => fqdnMatcher(rule.pattern));
      return (request) => {
        if (request.kind !== "dns") return false;
        const name = normaliseFqdn(request.name);
        return tests.some((test) => test(name));
      };
    }
    case "kafka": {
      const tests = rules.rules.map((rule) => compileKafkaRule(rule));
      return (request) => request.kind === "kafka" && tests.some((test) => test(request));
    }
    case "generic":
      break;
  }
  return (request) =>
    request.kind === "generic" &&
    rules.rules.some((rule) =>
      Object.entries(rule).every(([key, value]) => request.fields[key] === value),
    );
}

/** Tests of redirects, each compiled once for as long as its rule lives. */
export class L7Matcher {
  readonly #tests = new WeakMap<Redirect, RequestTest>();

  allows(redirect: Redirect, request: L7Request): boolean {
    let test = this.#tests.get(redirect);
    if (test === undefined) {
      test = compileRedirect(redirect);
      this.#tests.set(redirect, test);
    }
    return test(request);
  }
}

function compileRedirect(redirect: Redirect): RequestTest {
  const rules =
    redirect.l7 === undefined || redirect.isVisibility === true
      ? () => true
      : compileL7Rules(redirect.l7);
  const names = redirect.serverNames;
  if (names === undefined) return rules;
  const tests = names.map((name) => fqdnMatcher(normaliseFqdn(name)));
  // The name that the client gives in TLS is the one in its Host header, but for the port.
  return (request) => {
    if (request.kind !== "http" || request.host === undefined) return false;
    const name = normaliseFqdn(request.host.replace(/:[0-9]+$/, ""));
    return tests.some((test) => test(name)) && rules(request);
  };
}
