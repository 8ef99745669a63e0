import { AppError } from "#base";
import { countQuantity, parseQuantity, type Quantity } from "#kube/types";
import type { NodeFacts } from "./environment.ts";
import type { Container, Pod, ResourceFieldRef } from "./pod.ts";

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** What a fieldRef of a variable or of a downward file says. */
export function fieldValue(path: string, pod: Pod, node: NodeFacts): string {
  const { metadata, spec } = pod;
  const subscript = SUBSCRIPT.exec(path);
  if (subscript !== null) {
    const [, map, key = ""] = subscript;
    return (map === "labels" ? metadata.labels : metadata.annotations)?.[key] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return mapText(metadata.labels);
    case "metadata.annotations":
      return mapText(metadata.annotations);
    case "spec.nodeName":
      return spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.hostIP":
      return node.hostIps[0] ?? "";
    case "status.hostIPs":
      return node.hostIps.join(",");
    case "status.podIP":
      return node.podIps[0] ?? "";
    case "status.podIPs":
      return node.podIps.join(",");
    default:
      throw new AppError("field-path", `unsupported fieldPath: ${path}`);
  }
}

/** A label a line, in order, its value in quotes. */
function mapText(map: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(map).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return lines.toSorted().join("\n");
}

/** A limit or request, in units of the divisor, rounded up; of the node, where there is none. */
export function resourceValue(
  { resource, containerName, divisor = "1" }: ResourceFieldRef,
  pod: Pod,
  self: Container | undefined,
  capacity: Readonly<Record<string, string>>,
): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container =
    containerName === undefined || containerName === ""
      ? self
      : all.find(({ name }) => name === containerName);
  if (container === undefined) {
    throw new AppError("field-path", `container ${containerName ?? ""} not found`);
  }
  const [which = "", name = ""] = resource.split(".", 2);
  const { limits, requests } = container.resources ?? {};
  const own = which === "limits" ? limits?.[name] : (requests?.[name] ?? limits?.[name]);
  const quantity = quantityOf(own ?? (which === "limits" ? (capacity[name] ?? "0") : "0"));
  return String(countQuantity(quantity, quantityOf(divisor)));
}

function quantityOf(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (typeof quantity !== "string") return quantity;
  throw new AppError("quantity", `${JSON.stringify(text)} is not a quantity such as 250m or 64Mi`);
}
