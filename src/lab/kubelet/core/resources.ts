import { formatQuantity, parseQuantity, type Quantity } from "#kube/types";
import { type Container, isSidecar, type Pod, type PodStatus } from "./pod.ts";

type Amounts = Readonly<Record<string, string>>;
type AmountsOf = (container: Container) => Amounts | undefined;

/** What a pod's containers have together, as its status says. */
export function podResources({ spec }: Pod): Pick<PodStatus, "resources" | "allocatedResources"> {
  const { containers, initContainers = [] } = spec;
  const together = [...initContainers.filter(isSidecar), ...containers];
  const requests = sum(together, ({ resources }) => resources?.requests);
  const limits = sum(together, ({ resources }) => resources?.limits);
  return {
    resources: {
      ...(limits === undefined ? {} : { limits }),
      ...(requests === undefined ? {} : { requests }),
    },
    ...(requests === undefined ? {} : { allocatedResources: requests }),
  };
}

/** Undefined where nobody says anything. */
function sum(containers: readonly Container[], amountsOf: AmountsOf): Amounts | undefined {
  const sums = new Map<string, Quantity>();
  for (const [name, text] of containers.flatMap((each) => Object.entries(amountsOf(each) ?? {}))) {
    const quantity = parseQuantity(text);
    if (typeof quantity === "string") continue;
    const { nanos = 0n, form = quantity.form } = sums.get(name) ?? {};
    sums.set(name, { nanos: nanos + quantity.nanos, form });
  }
  if (sums.size === 0) return undefined;
  return Object.fromEntries([...sums].map(([name, quantity]) => [name, formatQuantity(quantity)]));
}
