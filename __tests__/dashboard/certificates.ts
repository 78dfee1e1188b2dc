import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a scheduler's machine shows who comes to its door. */
export interface Certificate {
  /** Private key, certificate and authority in one text, as a machine's `node.pem` has them. */
  readonly pem: string;
  /** Certificate of the authority alone. */
  readonly authority: string;
}

/** Makes an authority and a certificate of it for `localhost` and 127.0.0.1, with keys as a cluster's are. */
export function makeCertificate(directory: string): Certificate {
  const at = (name: string) => join(directory, name);
  const certificate = (name: string, ...options: string[]) =>
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "1"],
        ...["-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.crt`), ...options],
      ],
      { stdio: "pipe", timeout: 60_000 },
    );
  certificate("authority");
  certificate(
    "localhost",
    ...["-CA", at("authority.crt"), "-CAkey", at("authority.key")],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"],
  );
  const [key, leaf, authority] = ["localhost.key", "localhost.crt", "authority.crt"].map((name) =>
    readFileSync(at(name), "utf8"),
  );
  return { pem: `${key}${leaf}${authority}`, authority: authority ?? "" };
}
