import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Certificate of a dashboard proxy. */
export interface Certificate {
  /** Private key, certificate and CA in one text, as in the `node.pem` of a node. */
  readonly pem: string;
  /** Only the certificate of the CA. */
  readonly ca: string;
}

/** Creates a CA and a certificate for `localhost` and 127.0.0.1, with keys like those of a cluster. */
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
  certificate("ca");
  certificate(
    "localhost",
    ...["-CA", at("ca.crt"), "-CAkey", at("ca.key")],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"],
  );
  const [key, leaf, ca] = ["localhost.key", "localhost.crt", "ca.crt"].map((name) =>
    readFileSync(at(name), "utf8"),
  );
  return { pem: `${key}${leaf}${ca}`, ca: ca ?? "" };
}
