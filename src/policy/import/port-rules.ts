/** One of `toPorts`: ports, and whether a proxy is to look at what comes there. */
import { quote } from "#base";
import type { ListenerRef, PortRule, TlsContext as TlsContextSpec } from "#kube/types";
import {
  type Direction,
  type L7Rules,
  type PortMatch,
  PROTOCOL,
  type Redirect,
  type TlsContext,
} from "../rule.ts";
import type { RuleContext } from "./context.ts";
import { countL7, readL7 } from "./l7.ts";
import { readPorts, type ReadPort } from "./ports.ts";

const MAX_SERVER_NAME = 255;
const SERVER_NAME = /^(\*?\*\.)?[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*\.?$/;

const MAX_LISTENER_PRIORITY = 100;
/** After every other proxy, where a listener asks for none. */
const DEFAULT_LISTENER_PRIORITY = 126;
const NAMESPACED_CONFIG = "CiliumEnvoyConfig";
const CLUSTERWIDE_CONFIG = "CiliumClusterwideEnvoyConfig";

/** Ports with one fate. */
export interface PortUnit {
  readonly path: string;
  readonly ports: "any" | readonly PortMatch[];
  readonly redirect?: Redirect;
}

export function readPortRule(
  rule: PortRule,
  path: string,
  direction: Direction,
  context: RuleContext,
): PortUnit[] {
  const ports = readPorts(rule.ports ?? [], `${path}.ports`, direction, context);
  checkL7(rule, ports, path, direction, context);
  const matches = ports.flatMap((port) => (isTcpOnly(rule, port) ? tcpOf(port) : port.matches));
  const around = readSurroundings(rule, path, direction, context);
  const isL7 = countL7(rule.rules) > 0 || Boolean(rule.rules?.l7proto);
  const l7 = isL7 && rule.rules ? readL7(rule.rules, `${path}.rules`, context) : undefined;
  if (l7?.kind === "generic") return genericUnits(matches, l7, around, path);
  const redirect = { ...around, ...(l7 === undefined ? {} : { l7 }) };
  return [unitOf(matches, redirect, path)];
}

/**
 * Rules for a proxy with no protocol beside them mean TCP, where Cilium refuses them: whoever writes
 * HTTP rules for port 3000 does not mean to open its UDP.
 */
function isTcpOnly({ rules }: PortRule, port: ReadPort): boolean {
  return port.isProtocolLeftOut && countL7(rules) > (rules?.dns?.length ?? 0);
}

function tcpOf({ matches }: ReadPort): PortMatch[] {
  return matches.filter(({ protocol }) => protocol === PROTOCOL.tcp);
}

/** Parsers read TCP; a rule that names but a parser leaves other protocols alone. */
function genericUnits(
  matches: readonly PortMatch[],
  l7: L7Rules,
  around: Redirect,
  path: string,
): PortUnit[] {
  const tcp = matches.filter(({ protocol }) => protocol === PROTOCOL.tcp);
  const others = matches.filter(({ protocol }) => protocol !== PROTOCOL.tcp);
  const units = [unitOf(tcp, { ...around, l7 }, path)];
  if (others.length > 0) units.push(unitOf(others, around, path));
  return units;
}

function unitOf(ports: readonly PortMatch[], redirect: Redirect, path: string): PortUnit {
  return { path, ports, ...(Object.keys(redirect).length === 0 ? {} : { redirect }) };
}

function checkL7(
  rule: PortRule,
  ports: readonly ReadPort[],
  path: string,
  direction: Direction,
  context: RuleContext,
): void {
  const { rules } = rule;
  const at = `${path}.rules`;
  const refuse = (code: string, where: string, what: string): void => {
    context.report.error(code, where, what);
  };
  if (countL7(rules) === 0) {
    if (rules?.l7proto && !context.options.enableL7Proxy) refuseWithoutProxy(at, context);
    return;
  }
  if (!context.options.enableL7Proxy) refuseWithoutProxy(at, context);
  checkNodePolicy(rule, at, direction, context);
  const hasDns = (rules?.dns?.length ?? 0) > 0;
  if (hasDns && direction === "ingress") {
    const what = "DNS rules are for egress: move them to the egress of whoever asks";
    refuse("dns-on-ingress", `${at}.dns`, what);
  }
  if (hasDns && (rule.ports ?? []).length === 0) {
    refuse("dns-without-ports", path, "DNS rules need ports: write port 53, protocol ANY");
  }
  for (const port of ports) {
    if (port.isZero) {
      const what =
        "rules for a proxy need the number of a port, and 0 is every port: name the ports";
      refuse("l7-on-every-port", `${port.path}.port`, what);
    }
    if (hasDns && (port.isRange || isRangeFromZero(port))) {
      const what = "DNS rules take single ports, no ranges: write each port";
      refuse("dns-port-range", `${port.path}.endPort`, what);
    }
    if (isTcpOnly(rule, port)) {
      const what = "is left out, and taken as TCP since a proxy is to read it; Cilium refuses this";
      context.report.note("l7-means-tcp", `${port.path}.protocol`, what);
    } else if (!hasDns && port.protocol !== "TCP") {
      const what = `rules for a proxy read TCP, and the protocol is ${port.protocol}: write protocol: TCP`;
      refuse("l7-protocol", `${port.path}.protocol`, what);
    }
  }
}

function isRangeFromZero({ isZero, matches }: ReadPort): boolean {
  return isZero && matches.some(({ port }) => "first" in port && port.last < 65_535);
}

function refuseWithoutProxy(path: string, { report }: RuleContext): void {
  const what = "rules for a proxy, and there is none: enable-l7-proxy is false";
  report.error("l7-disabled", path, what);
}

function checkNodePolicy(
  { rules }: PortRule,
  path: string,
  direction: Direction,
  { isNodePolicy, report }: RuleContext,
): void {
  if (!isNodePolicy) return;
  const hasOnlyDns = (rules?.http?.length ?? 0) + (rules?.kafka?.length ?? 0) === 0;
  if (direction === "egress" && hasOnlyDns) return;
  const what =
    direction === "ingress"
      ? "no proxy reads what comes to a node: leave rules out of policies with a nodeSelector"
      : "no proxy but DNS reads what a node sends: leave http and kafka out of policies with a nodeSelector";
  report.error("l7-of-node", path, what);
}

/** Of a redirect, all but the rules. */
function readSurroundings(
  rule: PortRule,
  path: string,
  direction: Direction,
  context: RuleContext,
): Redirect {
  const terminatingTls = readTls(rule.terminatingTLS, `${path}.terminatingTLS`, context);
  const originatingTls = readTls(rule.originatingTLS, `${path}.originatingTLS`, context);
  const serverNames = readServerNames(rule, path, context);
  const listener = readListener(rule, path, direction, context);
  return {
    ...(serverNames === undefined ? {} : { serverNames }),
    ...(terminatingTls === undefined ? {} : { terminatingTls }),
    ...(originatingTls === undefined ? {} : { originatingTls }),
    ...(listener === undefined ? {} : { listener }),
  };
}

function readServerNames(
  rule: PortRule,
  path: string,
  { report }: RuleContext,
): readonly string[] | undefined {
  const names = rule.serverNames;
  if (names === undefined) return undefined;
  const at = `${path}.serverNames`;
  if (names.length === 0) {
    report.error("no-server-names", at, "is empty: write a name, or leave serverNames out");
  }
  if (names.length > 0 && countL7(rule.rules) > 0 && rule.terminatingTLS === undefined) {
    const what = "rules cannot be read inside TLS: give terminatingTLS, or leave the rules out";
    report.error("server-names-with-l7", at, what);
  }
  for (const [index, name] of names.entries()) {
    if (name.length <= MAX_SERVER_NAME && SERVER_NAME.test(name)) continue;
    const what =
      name === ""
        ? "is empty: write the name that clients ask TLS for"
        : `${quote(name)} is no server name: a DNS name, with '*.' or '**.' before it at most`;
    report.error("bad-server-name", `${at}[${index}]`, what);
  }
  return names.map((name) => name.toLowerCase());
}

function readTls(
  spec: TlsContextSpec | undefined,
  path: string,
  { policy, report }: RuleContext,
): TlsContext | undefined {
  if (spec === undefined) return undefined;
  const { secret, trustedCA, certificate, privateKey } = spec;
  if (secret.name === "") {
    report.error("secret-name-missing", `${path}.secret`, "names no secret: give its name");
  }
  return {
    secret: { namespace: secret.namespace ?? policy.namespace, name: secret.name },
    ...(trustedCA ? { trustedCa: trustedCA } : {}),
    ...(certificate ? { certificate } : {}),
    ...(privateKey ? { privateKey } : {}),
  };
}

function readListener(
  rule: PortRule,
  path: string,
  direction: Direction,
  context: RuleContext,
): Redirect["listener"] {
  const { listener } = rule;
  if (listener === undefined) return undefined;
  const { policy, report } = context;
  const at = `${path}.listener`;
  if (direction === "ingress") {
    report.error("listener-on-ingress", at, "listeners are for egress: leave this one out");
  }
  if (countL7(rule.rules) > 0) {
    const what = "a listener decides by itself: leave out either the listener or the rules";
    report.error("listener-with-l7", at, what);
  }
  const priority = listener.priority ?? DEFAULT_LISTENER_PRIORITY;
  const isPriority = listener.priority === undefined || isAsked(priority);
  if (!isPriority) {
    const what = `${priority} is no priority: write a number from 1, the highest, to ${MAX_LISTENER_PRIORITY}`;
    report.error("bad-listener-priority", `${at}.priority`, what);
  }
  const isClusterwide = isClusterwideConfig(listener, at, context);
  const namespace = isClusterwide ? "" : policy.namespace;
  return { name: listener.name, config: `${namespace}/${listener.envoyConfig.name}`, priority };
}

function isAsked(priority: number): boolean {
  return priority >= 1 && priority <= MAX_LISTENER_PRIORITY;
}

/** Where nothing is said, the kind that is of the policy's scope. */
function isClusterwideConfig(
  { envoyConfig }: ListenerRef,
  path: string,
  { policy, report }: RuleContext,
): boolean {
  const kind =
    envoyConfig.kind || (policy.namespace === "" ? CLUSTERWIDE_CONFIG : NAMESPACED_CONFIG);
  const at = `${path}.envoyConfig.kind`;
  if (kind !== NAMESPACED_CONFIG && kind !== CLUSTERWIDE_CONFIG) {
    const what = `${quote(kind)} has no listeners: write ${NAMESPACED_CONFIG} or ${CLUSTERWIDE_CONFIG}`;
    report.error("bad-listener-kind", at, what);
  } else if (kind === NAMESPACED_CONFIG && policy.namespace === "") {
    const what = `a policy of the whole cluster cannot use a ${kind}, which is in a namespace: write ${CLUSTERWIDE_CONFIG}`;
    report.error("listener-of-namespace", at, what);
  }
  return kind === CLUSTERWIDE_CONFIG;
}
