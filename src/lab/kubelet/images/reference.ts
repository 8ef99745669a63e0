import { AppError } from "#base";

/** The name of an image as the usual places write it: with its registry, and latest without a tag. */
interface ImageReference {
  /** `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const HOST = "(?:[A-Za-z0-9.-]+)(?::[0-9]+)?";
const REFERENCE = new RegExp(
  `^((?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z0-9]+:[0-9a-fA-F]{32,}))?$`,
);
const MAX_IMAGE_NAME = 1024;

export function parseImage(image: string): ImageReference {
  const match = image.length > MAX_IMAGE_NAME ? null : REFERENCE.exec(image);
  if (match === null) {
    throw new AppError(
      "image-name",
      `couldn't parse image name ${JSON.stringify(image)}: invalid reference format`,
    );
  }
  const [, name = "", tag, digest] = match;
  const first = name.split("/", 1)[0] ?? "";
  const hasRegistry = name.includes("/") && (/[.:]/.test(first) || first === "localhost");
  let repository = name;
  if (!hasRegistry) repository = `docker.io/${name.includes("/") ? name : `library/${name}`}`;
  return { repository, tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
}

/** Without one, an image of the tag latest is pulled each time, and any other once. */
export function pullPolicyOf(image: string, policy: string | undefined): string {
  if (policy !== undefined && policy !== "") return policy;
  return /:latest$|^[^:@]+$/.test(image) ? "Always" : "IfNotPresent";
}
