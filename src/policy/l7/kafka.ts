import type { KafkaRule } from "../rule.ts";
import type { KafkaRequest } from "./request.ts";

/** Keys of requests that speak of topics; a rule's topic says nothing of the others. */
const TOPIC_KEYS: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 5, 6, 8, 9, 19, 20, 21, 23, 24, 27, 28, 34, 35, 37,
]);

export function compileKafkaRule(rule: KafkaRule): (request: KafkaRequest) => boolean {
  const keys = new Set(rule.apiKeys);
  return (request) => {
    if (keys.size > 0 && !keys.has(request.apiKey)) return false;
    if (rule.apiVersion !== undefined && request.apiVersion !== rule.apiVersion) return false;
    if (rule.clientId !== undefined && request.clientId !== rule.clientId) return false;
    if (rule.topic === undefined || !TOPIC_KEYS.has(request.apiKey)) return true;
    return request.topic === rule.topic;
  };
}
