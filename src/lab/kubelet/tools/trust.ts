/** Where programs in containers look for those whom they trust. */
export const TRUST_FILE = "/etc/ssl/certs/ca-certificates.crt";

/** For tools, which have `fs`: what a client of HTTPS is given as `ca`. */
export const TRUSTED: string = `const trusted = () => { try { return fs.readFileSync(${JSON.stringify(TRUST_FILE)}); } catch { return undefined; } };`;
