/** Rules for Kafka requests. */
import { quote } from "#base";
import type { KafkaRuleSpec } from "#kube/types";
import type { KafkaRule } from "../rule.ts";
import type { ImportContext } from "./context.ts";

const MAX_TOPIC = 255;
const MAX_API_VERSION = 32_767;
const TOPIC = /^[a-zA-Z0-9._-]+$/;

/** By number: the requests of the protocol. */
const API_KEYS: readonly string[] = [
  "produce",
  "fetch",
  "offsets",
  "metadata",
  "leaderandisr",
  "stopreplica",
  "updatemetadata",
  "controlledshutdown",
  "offsetcommit",
  "offsetfetch",
  "findcoordinator",
  "joingroup",
  "heartbeat",
  "leavegroup",
  "syncgroup",
  "describegroups",
  "listgroups",
  "saslhandshake",
  "apiversions",
  "createtopics",
  "deletetopics",
  "deleterecords",
  "initproducerid",
  "offsetforleaderepoch",
  "addpartitionstotxn",
  "addoffsetstotxn",
  "endtxn",
  "writetxnmarkers",
  "txnoffsetcommit",
  "describeacls",
  "createacls",
  "deleteacls",
  "describeconfigs",
  "alterconfigs",
];

/** What a client of each role has to be able to ask. */
const ROLES: ReadonlyMap<string, readonly number[]> = new Map([
  ["produce", [0, 3, 18]],
  ["consume", [1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 18]],
]);

export function readKafkaRule(
  rule: KafkaRuleSpec,
  path: string,
  context: ImportContext,
): KafkaRule {
  const { apiVersion = "", clientID = "", topic = "" } = rule;
  const { report } = context;
  const isVersion = /^[0-9]{1,5}$/.test(apiVersion) && Number(apiVersion) <= MAX_API_VERSION;
  if (apiVersion !== "" && !isVersion) {
    const what = `${quote(apiVersion)} is no version: write a number from 0 to ${MAX_API_VERSION}`;
    report.error("bad-kafka-version", `${path}.apiVersion`, what);
  }
  if (topic !== "" && (topic.length > MAX_TOPIC || !TOPIC.test(topic))) {
    const what = `${quote(topic)} is no topic: at most ${MAX_TOPIC} letters, digits, '.', '_' and '-'`;
    report.error("bad-kafka-topic", `${path}.topic`, what);
  }
  return {
    apiKeys: readApiKeys(rule, path, context),
    ...(apiVersion === "" ? {} : { apiVersion: Number(apiVersion) }),
    ...(clientID === "" ? {} : { clientId: clientID }),
    ...(topic === "" ? {} : { topic }),
  };
}

function readApiKeys(
  { role = "", apiKey = "" }: KafkaRuleSpec,
  path: string,
  { report }: ImportContext,
): readonly number[] {
  if (role !== "" && apiKey !== "") {
    const what = "role and apiKey exclude each other: a role is a list of keys; write one of them";
    report.error("kafka-role-and-key", path, what);
    return [];
  }
  if (role !== "") {
    const keys = ROLES.get(role.toLowerCase());
    if (keys !== undefined) return keys;
    const what = `${quote(role)} is no role: write produce or consume`;
    report.error("bad-kafka-role", `${path}.role`, what);
    return [];
  }
  if (apiKey === "") return [];
  const key = API_KEYS.indexOf(apiKey.toLowerCase());
  if (key >= 0) return [key];
  const what = `${quote(apiKey)} is no request of Kafka; there are ${API_KEYS.join(", ")}`;
  report.error("bad-kafka-key", `${path}.apiKey`, what);
  return [];
}
