/** Containers: those that run, those that run before them, and those that come to look. */
import type { View } from "../view.ts";
import { dnsLabel, portName, portNumber } from "../words.ts";
import { validateEnvironment } from "./environment.ts";
import { PROBES, validateLifecycle } from "./handlers.ts";
import { validateMounts, type Volumes } from "./mounts.ts";
import { validateContainerResources } from "./resources.ts";
import { validateContainerSecurity } from "./security.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const RESIZE_POLICIES = ["NotRequired", "RestartContainer"];
const RESIZED = ["cpu", "memory"];
const ONLY_SIDECARS = "may not be set for init containers without restartPolicy=Always";
const RULES_MAX = 20;

/** Of the pod's spec. */
export function validateContainers(spec: View, volumes: Volumes): void {
  const containers = spec.at("containers");
  const gracePeriod = spec.at("terminationGracePeriodSeconds");
  if (containers.items().length === 0) return containers.required();
  const names = new Set<string>();
  for (const container of containers.items()) {
    validateCommon(spec, container, volumes);
    const name = container.at("name");
    if (names.has(name.text)) name.duplicate(name.text);
    names.add(name.text);
    validateLifecycle(container, gracePeriod);
    validateRestart(container);
  }
  validateHostPorts(containers.items());
}

export function validateInitContainers(spec: View, volumes: Volumes): void {
  const names = namesOf(spec, "containers");
  for (const container of spec.at("initContainers").items()) {
    validateCommon(spec, container, volumes);
    validateRestart(container);
    const name = container.at("name");
    if (names.has(name.text)) name.duplicate(name.text);
    else if (name.text !== "") names.add(name.text);
    validateHostPorts([container]);
    if (container.at("restartPolicy").text === "Always") {
      validateLifecycle(container, spec.at("terminationGracePeriodSeconds"));
      continue;
    }
    for (const key of ["lifecycle", ...PROBES]) {
      if (container.at(key).isThere) container.at(key).forbidden(ONLY_SIDECARS);
    }
  }
}

const namesOf = (spec: View, key: string): Set<string> =>
  new Set(
    spec
      .at(key)
      .items()
      .map((each) => each.at("name").text),
  );

/** What a container that comes to look does not have. */
const NOT_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  ...PROBES,
  "lifecycle",
];

export function validateEphemeralContainers(spec: View, volumes: Volumes): void {
  const others = new Set([...namesOf(spec, "containers"), ...namesOf(spec, "initContainers")]);
  const names = new Set(others);
  for (const container of spec.at("ephemeralContainers").items()) {
    validateCommon(spec, container, volumes);
    validateImageBlanks(container);
    const [name, target] = [container.at("name"), container.at("targetContainerName")];
    if (names.has(name.text)) name.duplicate(name.text);
    names.add(name.text);
    if (target.text !== "" && !others.has(target.text)) target.notFound();
    for (const key of NOT_EPHEMERAL) {
      const field = container.at(key);
      const isSet = Array.isArray(field.value) ? field.value.length > 0 : field.isThere;
      if (isSet && (key !== "resources" || field.entries().length > 0)) {
        field.forbidden("cannot be set for an Ephemeral Container");
      }
    }
  }
}

function validateCommon(spec: View, container: View, volumes: Volumes): void {
  const [name, image] = [container.at("name"), container.at("image")];
  if (name.text === "") name.required();
  else name.invalids(dnsLabel(name.text));
  if (image.text === "") image.required();
  container.at("terminationMessagePolicy").oneOf(["File", "FallbackToLogsOnError"]);
  validatePorts(container.at("ports"));
  validateEnvironment(container);
  validateMounts(container, volumes);
  container.at("imagePullPolicy").oneOf(PULL_POLICIES);
  const claims = spec.at("resourceClaims").items();
  validateContainerResources(
    container.at("resources"),
    claims.map((claim) => claim.at("name").text).filter((each) => each !== ""),
  );
  validateResize(container.at("resizePolicy"), spec.at("restartPolicy").text);
  validateContainerSecurity(container.at("securityContext"), spec.at("hostUsers").value !== false);
}

/** Templates may have them: there some tools put a blank in for the image to come. */
export function validateImageBlanks(container: View): void {
  const image = container.at("image");
  if (image.text.trim() !== image.text) {
    image.invalid("must not have leading or trailing whitespace");
  }
}

function validatePorts(ports: View): void {
  const names = new Set<string>();
  for (const port of ports.items()) {
    const name = port.at("name");
    const words = name.text === "" ? [] : portName(name.text);
    name.invalids(words);
    if (name.text !== "" && words.length === 0) {
      if (names.has(name.text)) name.duplicate();
      names.add(name.text);
    }
    const container = port.at("containerPort");
    if (container.number === 0) container.required();
    else container.invalids(portNumber(container.number));
    const host = port.at("hostPort");
    if (host.number !== 0) host.invalids(portNumber(host.number));
    port.at("protocol").oneOf(PROTOCOLS);
  }
}

/** A port of the node's is there once for all containers that run at a time. */
function validateHostPorts(containers: readonly View[]): void {
  const taken = new Set<string>();
  for (const port of containers.flatMap((container) => container.at("ports").items())) {
    const host = port.at("hostPort");
    if (host.number === 0) continue;
    const key = `${port.at("protocol").text}/${port.at("hostIP").text}/${host.number}`;
    if (taken.has(key)) host.duplicate(key);
    taken.add(key);
  }
}

function validateResize(policies: View, podRestart: string): void {
  const names = new Set<string>();
  for (const each of policies.items()) {
    const [name, restart] = [each.at("resourceName").text, each.at("restartPolicy").text];
    if (names.has(name)) each.duplicate(name);
    names.add(name);
    if (name === "") policies.required();
    else if (!RESIZED.includes(name)) policies.unsupported(RESIZED, name);
    if (restart === "") policies.required();
    else if (!RESIZE_POLICIES.includes(restart)) policies.unsupported(RESIZE_POLICIES, restart);
    if (podRestart === "Never" && restart !== "NotRequired") {
      policies.invalid("must be 'NotRequired' when pod `restartPolicy` is 'Never'", restart);
    }
  }
}

function validateRestart(container: View): void {
  const [policy, rules] = [container.at("restartPolicy"), container.at("restartPolicyRules")];
  if (!policy.isThere) {
    if (rules.items().length > 0) {
      policy.required("must specify restartPolicy when restart rules are used");
    }
  } else if (!RESTART_POLICIES.includes(policy.text)) {
    policy.unsupported(RESTART_POLICIES);
  }
  if (rules.items().length > RULES_MAX) rules.tooMany(rules.items().length, RULES_MAX);
}
