/** Which subresources there are, and who answers them. */
import { type Call, formOptionsOf, placeOf } from "../call.ts";
import { methodNotAllowed, notSupported, unknownPath } from "../errors.ts";
import { handlePatch, handleUpdate } from "../handlers.ts";
import { sendBytes, sendJson } from "../http.ts";
import { formOf } from "../resources/form.ts";
import { served, servedJson } from "../resources/place.ts";
import { getObject } from "../resources/read.ts";
import { handleBinding } from "./binding.ts";
import { handleEviction } from "./eviction.ts";
import { handleFinalize } from "./finalize.ts";
import { handleScale } from "./scale.ts";
import { handleToken } from "./token.ts";

type Handler = (call: Call) => Promise<void>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  status: handleStatus,
  approval: handleStatus,
  scale: handleScale,
  binding: handleBinding,
  eviction: handleEviction,
  finalize: handleFinalize,
  token: handleToken,
};

/** Of those that need no kubelet. */
export async function handleSubresource(call: Call): Promise<void> {
  const { resource, path } = call;
  const known = resource.subresources.find(({ name }) => name === path.subresource);
  if (known === undefined) throw unknownPath();
  const handler = HANDLERS[path.subresource];
  if (handler === undefined) throw notSupported(`the subresource ${path.subresource}`);
  await handler(call);
}

async function handleStatus(call: Call): Promise<void> {
  const { path, resource } = call;
  switch (call.verb) {
    case "get": {
      const stored = getObject(call.context, placeOf(call));
      const form = formOf(resource, served(resource, stored), formOptionsOf(call));
      if (form !== undefined) sendJson(call, 200, form);
      else sendBytes(call, 200, [servedJson(resource, stored)]);
      return;
    }
    case "update":
      await handleUpdate(call, path.subresource);
      return;
    case "patch":
      await handlePatch(call, path.subresource);
      return;
    case "list":
    case "watch":
    case "create":
    case "delete":
    case "deletecollection":
    case "connect":
      throw methodNotAllowed();
    default:
      throw methodNotAllowed();
  }
}
