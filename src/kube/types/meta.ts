/** What every object carries, and label selectors. */
import {
  about,
  dictionary,
  fields,
  flag,
  integer,
  list,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const ownerReference = fields({
  apiVersion: text(),
  kind: text(),
  name: text(),
  uid: maybe(text()),
  controller: maybe(flag()),
  blockOwnerDeletion: maybe(flag()),
});

export const objectMeta = fields(
  {
    name: text({ minLength: 1 }),
    namespace: maybe(text()),
    uid: maybe(text()),
    resourceVersion: maybe(text()),
    generation: maybe(integer()),
    creationTimestamp: maybe(text()),
    deletionTimestamp: maybe(text()),
    labels: maybe(dictionary(text())),
    annotations: maybe(dictionary(text())),
    ownerReferences: maybe(list(ownerReference)),
    finalizers: maybe(list(text())),
  },
  { ignored: ["generateName", "managedFields", "selfLink", "deletionGracePeriodSeconds"] },
);
export type ObjectMeta = Typed<typeof objectMeta>;

const MAX_LABEL_VALUE = 63;
const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

const labelValue = text({
  maxLength: MAX_LABEL_VALUE,
  pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
  checked: /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
  characters: "consist of letters, digits, '-', '_' and '.', with a letter or digit at both ends",
});

export const labelSelector = fields(
  {
    matchLabels: about("Labels, each with its value.", maybe(dictionary(labelValue))),
    matchExpressions: about(
      "Demands on labels; all have to be met.",
      maybe(
        list(
          fields({
            key: about("The label.", text()),
            operator: about("In, NotIn, Exists or DoesNotExist.", text({ enum: OPERATORS })),
            values: about(
              "The values, for In and NotIn.",
              maybe(list(text(), { listType: "atomic" })),
            ),
          }),
          { listType: "atomic" },
        ),
      ),
    ),
  },
  { mapType: "atomic" },
);
export type LabelSelector = Typed<typeof labelSelector>;
