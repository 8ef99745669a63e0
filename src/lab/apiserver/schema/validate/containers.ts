import { compareQuantities } from "#kube/types";
import { asText } from "../node.ts";
import { View } from "./view.ts";
import {
  dnsLabel,
  environmentName,
  headerName,
  portName,
  portNumber,
  qualifiedName,
} from "./words.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROBE_NUMBERS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
];
const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
/** Resources of containers with no domain in their names. */
const STANDARD = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;

/** Of containers, or of init containers, which no other of the pod's may have the names of. */
export function validateContainers(containers: View, volumes: ReadonlySet<string>): void {
  for (const container of containers.items()) validateContainer(container, volumes);
  View.unique(containers.items().map((each) => each.at("name")));
}

function validateContainer(container: View, volumes: ReadonlySet<string>): void {
  const [name, image] = [container.at("name"), container.at("image")];
  if (name.text === "") name.required();
  else name.invalids(dnsLabel(name.text));
  if (image.text === "") image.required();
  container.at("terminationMessagePolicy").oneOf(["File", "FallbackToLogsOnError"]);
  validatePorts(container.at("ports"));
  for (const each of container.at("env").items()) validateVariable(each);
  validateMounts(container.at("volumeMounts"), volumes);
  container.at("imagePullPolicy").oneOf(PULL_POLICIES);
  validateResources(container.at("resources"));
  for (const key of ["postStart", "preStop"]) {
    const handler = container.at("lifecycle", key);
    if (handler.isThere) validateHandler(handler);
  }
  for (const key of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    validateProbe(container.at(key), key === "readinessProbe");
  }
}

function validatePorts(ports: View): void {
  for (const port of ports.items()) {
    const name = port.at("name");
    if (name.text !== "") name.invalids(portName(name.text));
    const container = port.at("containerPort");
    if (container.number === 0) container.required();
    else container.invalids(portNumber(container.number));
    const host = port.at("hostPort");
    if (host.number !== 0) host.invalids(portNumber(host.number));
    port.at("protocol").oneOf(PROTOCOLS);
  }
  View.unique(ports.items().map((port) => port.at("name")));
}

function validateVariable(variable: View): void {
  const name = variable.at("name");
  if (name.text === "") name.required();
  else name.invalids(environmentName(name.text));
  const from = variable.at("valueFrom");
  if (!from.isThere) return;
  const sources = from.entries().length;
  if (sources === 0)
    from.invalid(
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
      "",
    );
  else if (variable.at("value").text !== "")
    from.invalid("may not be specified when `value` is not empty", "");
  else if (sources > 1) from.invalid("may not have more than one field specified at a time", "");
  for (const source of ["configMapKeyRef", "secretKeyRef"]) {
    const reference = from.at(source);
    if (!reference.isThere) continue;
    if (reference.at("name").text === "") reference.at("name").required();
    if (reference.at("key").text === "") reference.at("key").required();
  }
}

function validateMounts(mounts: View, volumes: ReadonlySet<string>): void {
  const paths = new Set<string>();
  for (const mount of mounts.items()) {
    const [name, path] = [mount.at("name"), mount.at("mountPath")];
    if (name.text === "") name.required();
    if (!volumes.has(name.text)) name.notFound();
    if (path.text === "") path.required();
    if (paths.has(path.text)) path.invalid("must be unique");
    paths.add(path.text);
  }
}

function validateResources(resources: View): void {
  const [limits, requests] = [resources.at("limits"), resources.at("requests")];
  for (const list of [limits, requests]) {
    for (const [name, amount] of list.entries()) {
      const at = list.key(name);
      // Names of resources are told of at the list, values at the resource.
      if (!name.includes("/") && !STANDARD.test(name)) {
        at.invalid("must be a standard resource for containers", name);
      } else {
        at.invalids(qualifiedName(name), name);
      }
      if (compareQuantities(asText(amount), "0") < 0) {
        at.invalid("must be greater than or equal to 0");
      }
    }
  }
  for (const [name, amount] of requests.entries()) {
    const limit = limits.key(name);
    if (!limit.isThere || compareQuantities(asText(amount), limit.text) <= 0) continue;
    requests.invalid(`must be less than or equal to ${name} limit of ${limit.text}`, amount);
  }
}

function validateProbe(probe: View, isReadiness: boolean): void {
  if (!probe.isThere) return;
  validateHandler(probe);
  for (const key of PROBE_NUMBERS) probe.at(key).notNegative();
  const grace = probe.at("terminationGracePeriodSeconds");
  if (isReadiness) {
    if (grace.isThere) grace.invalid("must not be set for readinessProbes");
  } else {
    if (grace.isThere && grace.number <= 0) grace.invalid("must be greater than 0");
    const threshold = probe.at("successThreshold");
    if (threshold.number !== 1) threshold.invalid("must be 1");
  }
}

function validateHandler(handler: View): void {
  const given = HANDLERS.map((key) => handler.at(key)).filter(({ isThere }) => isThere);
  const [first, ...more] = given;
  if (first === undefined) return handler.required("must specify a handler type");
  for (const each of more) each.forbidden("may not specify more than 1 handler type");
  if (first.path.endsWith(".exec")) {
    if (first.at("command").items().length === 0) first.at("command").required();
  } else if (first.path.endsWith(".httpGet")) {
    validateHttpGet(first);
  } else if (!first.path.endsWith(".sleep")) {
    validatePortOrName(first.at("port"));
  }
}

function validateHttpGet(get: View): void {
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
