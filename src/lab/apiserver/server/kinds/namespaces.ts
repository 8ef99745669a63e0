/** Namespaces, and that nothing is made in one that is not there or is going. */
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { StatusError } from "../../schema/status-error.ts";
import { objectKey } from "../../store/keys.ts";
import type { ApiContext } from "../context.ts";
import { forbidden, notFound, qualifiedPlural } from "../errors.ts";
import { asList, ensureRecord, textAt } from "../json.ts";
import type { KindRules } from "./rules.ts";

const NAMESPACES = { group: "", plural: "namespaces" };
/** Held by the namespace controller until everything in the namespace is gone. */
const FINALIZER = "kubernetes";
const NAME_LABEL = "kubernetes.io/metadata.name";
const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

export const namespaceRules: KindRules = {
  create(_context, object) {
    const spec = ensureRecord(object, "spec");
    const finalizers = asList(spec["finalizers"]);
    spec["finalizers"] = finalizers.includes(FINALIZER)
      ? [...finalizers]
      : [...finalizers, FINALIZER];
    object["status"] = { phase: "Active" };
    label(object);
  },
  update(_context, object, old) {
    // Only /finalize takes finalizers away.
    const spec = ensureRecord(object, "spec");
    spec["finalizers"] = [...asList(ensureRecord(structuredClone(old), "spec")["finalizers"])];
    label(object);
  },
  checkDelete(object) {
    const name = object.metadata.name ?? "";
    if (IMMORTAL.has(name)) throw forbidden(NAMESPACES, name, "this namespace may not be deleted");
  },
};

function label(object: KubeObject): void {
  object.metadata.labels = { ...object.metadata.labels, [NAME_LABEL]: object.metadata.name ?? "" };
}

/** Throws where the namespace of a new object is missing or terminating. */
export function checkNamespace(
  { store }: ApiContext,
  resource: ServedResource,
  object: KubeObject,
): void {
  const namespace = object.metadata.namespace ?? "";
  const stored = store.get(objectKey({ ...NAMESPACES, name: namespace }));
  if (stored === undefined) throw notFound(NAMESPACES, namespace);
  if (textAt(stored.object, "metadata", "deletionTimestamp") === "") return;
  const name = object.metadata.name ?? "";
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new StatusError(
    403,
    "Forbidden",
    `${qualifiedPlural(resource)} "${name}" is forbidden: ${why}`,
    {
      name,
      ...(resource.group === "" ? {} : { group: resource.group }),
      kind: resource.plural,
      causes: [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    },
  );
}
