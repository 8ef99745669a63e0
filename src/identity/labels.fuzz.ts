import { assert, quote } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { cidrOfLabel } from "./cidr-labels.ts";
import { formatLabel, Labels, parseLabel } from "./labels.ts";

const TEXTS = [
  "k8s:app=web",
  "k8s:io.kubernetes.pod.namespace=shop\nreserved:host",
  "$world\ncidr:10.0.0.0/8",
  "cidr:0--1/128\nreserved.host",
  "any:a=b;c\\d",
  "fqdn:*.example.com",
  "fqdn:x.io.\nfqdn:x.io\nfqdn:..",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const texts = new TextDecoder().decode(input).split("\n");
    for (const text of texts) {
      const label = parseLabel(text);
      const again = parseLabel(formatLabel(label));
      assert(formatLabel(again) === formatLabel(label), `${quote(text)} reads back`);
      cidrOfLabel(label);
    }
    const labels = Labels.parse(...texts);
    assert(Labels.parse(...labels.toStrings()).text === labels.text, "the list reads back");
    for (const { source, key, value } of labels) {
      assert(labels.get(source, key) === value, `${quote(key)} is found`);
      assert(labels.has("any", key), `${quote(key)} is found by any`);
    }
  },
});
export default target;
