/** Fields of a pod that the lab's kubelet does not act upon: people are told, once. */
import type { Container, Pod } from "./pod.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is not done, by the field that asks for it. */
const OF_POD: Readonly<Record<string, string>> = {
  ephemeralContainers: "ephemeral containers are not started",
  hostUsers: "containers share the machine's users",
  resourceClaims: "no devices are given to containers",
  resources: "limits of a whole pod are not enforced",
  runtimeClassName: "there is one runtime, and every pod has it",
  shareProcessNamespace: "each container has a process namespace of its own",
};
const OF_CONTAINER: Readonly<Record<string, string>> = {
  resizePolicy: "resources are not enforced, and not resized",
  restartPolicyRules: "the restart policy alone says what is restarted",
  volumeDevices: "there are no block devices",
};
/** Of the security contexts of pods and of containers. */
const OF_CONTEXT: Readonly<Record<string, string>> = {
  appArmorProfile: "no AppArmor profile is set",
  procMount: "/proc is the default one",
  seLinuxOptions: "no SELinux label is set",
  seccompProfile: "system calls are not filtered",
  sysctls: "no kernel parameters are set",
  windowsOptions: "there is no Windows here",
};
const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;
const UNFILTERED = "Unconfined";

/** A sentence for each, which names the field. */
export function unsupportedFields(pod: Pod): string[] {
  const { initContainers = [], containers, securityContext = {} } = pod.spec;
  const all = [
    ...inSpec(pod.spec as unknown as Fields),
    ...inContext("spec.securityContext", securityContext as Fields),
    ...initContainers.flatMap((each) => inContainer("initContainers", each)),
    ...containers.flatMap((each) => inContainer("containers", each)),
  ];
  return all.map(({ field, what }) => `${field} is not supported by the lab's kubelet: ${what}.`);
}

interface Finding {
  readonly field: string;
  readonly what: string;
}

function inSpec(spec: Fields): Finding[] {
  return find("spec", spec, OF_POD).filter(({ field }) => {
    const value = spec[field.slice("spec.".length)];
    // Of the two, false is what asks for something.
    return field === "spec.hostUsers" ? value === false : value !== false;
  });
}

function inContainer(list: string, container: Container): Finding[] {
  const place = `spec.${list}{${container.name}}`;
  const fields = container as unknown as Fields;
  const limits = Object.keys(container.resources?.limits ?? {});
  return [
    ...find(place, fields, OF_CONTAINER),
    ...inContext(`${place}.securityContext`, (container.securityContext ?? {}) as Fields),
    ...(limits.length === 0
      ? []
      : [
          {
            field: `${place}.resources.limits`,
            what: `${limits.join(", ")} may be exceeded`,
          },
        ]),
    ...PROBES.filter((probe) => container[probe]?.grpc !== undefined).map((probe) => ({
      field: `${place}.${probe}.grpc`,
      what: "the probe fails; httpGet, tcpSocket and exec work",
    })),
  ];
}

function inContext(place: string, context: Fields): Finding[] {
  return find(place, context, OF_CONTEXT).filter(({ field }) => {
    const value = context[field.slice(place.length + 1)];
    const { type } = Object(value) as { type?: unknown };
    return type !== UNFILTERED && value !== "Default";
  });
}

function find(place: string, fields: Fields, known: Readonly<Record<string, string>>): Finding[] {
  return Object.entries(known)
    .filter(([name]) => isGiven(fields[name]))
    .map(([name, what]) => ({ field: `${place}.${name}`, what }));
}

/** An empty list or object asks for nothing. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
