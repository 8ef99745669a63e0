/** What /version answers; clients read from it what they may ask for. */
const MAJOR = "1";
const MINOR = "36";
/** The release whose API this is, and that it is not that release. */
const GIT_VERSION = `v${MAJOR}.${MINOR}.3+ciliate`;

export const VERSION: object = {
  major: MAJOR,
  minor: MINOR,
  emulationMajor: MAJOR,
  emulationMinor: MINOR,
  minCompatibilityMajor: MAJOR,
  minCompatibilityMinor: String(Number(MINOR) - 1),
  gitVersion: GIT_VERSION,
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "node",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};
