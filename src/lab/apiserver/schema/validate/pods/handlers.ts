/** What is run or asked of a container while it lives: probes and hooks. */
import type { View } from "../view.ts";
import { headerName, portName, portNumber } from "../words.ts";

const PROBE_NUMBERS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
];
const PROBE_HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];
const HOOK_HANDLERS = ["exec", "httpGet", "tcpSocket", "sleep"];
export const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"];

/** `gracePeriod` is the pod's terminationGracePeriodSeconds. */
export function validateLifecycle(container: View, gracePeriod: View): void {
  for (const key of ["postStart", "preStop"]) {
    const hook = container.at("lifecycle", key);
    if (!hook.isThere) continue;
    validateHandler(hook, HOOK_HANDLERS);
    const sleep = hook.at("sleep");
    if (sleep.isThere) validateSleep(sleep, gracePeriod);
  }
  for (const key of PROBES) validateProbe(container.at(key), key === "readinessProbe");
}

function validateSleep(sleep: View, gracePeriod: View): void {
  const seconds = sleep.at("seconds").number;
  if (!gracePeriod.isThere || (seconds >= 0 && seconds <= gracePeriod.number)) return;
  const most = `less than terminationGracePeriodSeconds (${gracePeriod.number})`;
  sleep.invalid(`must be non-negative and ${most}`, seconds);
}

function validateProbe(probe: View, isReadiness: boolean): void {
  if (!probe.isThere) return;
  validateHandler(probe, PROBE_HANDLERS);
  for (const key of PROBE_NUMBERS) probe.at(key).notNegative();
  const grace = probe.at("terminationGracePeriodSeconds");
  if (grace.isThere && grace.number <= 0) grace.invalid("must be greater than 0");
  if (isReadiness) {
    if (grace.isThere) grace.invalid("must not be set for readinessProbes");
  } else {
    const threshold = probe.at("successThreshold");
    if (threshold.number !== 1) threshold.invalid("must be 1");
  }
}

function validateHandler(handler: View, kinds: readonly string[]): void {
  const given = kinds.map((key) => handler.at(key)).filter(({ isThere }) => isThere);
  const [first, ...more] = given;
  if (first === undefined) return handler.required("must specify a handler type");
  if (first.path.endsWith(".exec")) {
    if (first.at("command").items().length === 0) first.at("command").required();
  } else if (first.path.endsWith(".httpGet")) {
    validateHttpGet(first);
  } else if (!first.path.endsWith(".sleep")) {
    validatePortOrName(first.at("port"));
  }
  for (const each of more) each.forbidden("may not specify more than 1 handler type");
}

function validateHttpGet(get: View): void {
  if (get.at("path").text === "") get.at("path").required();
  validatePortOrName(get.at("port"));
  const scheme = get.at("scheme");
  if (scheme.text !== "HTTP" && scheme.text !== "HTTPS") scheme.unsupported(["HTTP", "HTTPS"]);
  for (const header of get.at("httpHeaders").items()) {
    const name = header.at("name").text;
    get.at("httpHeaders").invalids(headerName(name), name);
  }
}

export function validatePortOrName(port: View): void {
  if (typeof port.value === "string") port.invalids(portName(port.value));
  else port.invalids(portNumber(port.number), port.number);
}
