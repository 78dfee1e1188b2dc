import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { LocalStackError } from "./error";

/** The one interface that the local stack listens on. */
export const LOOPBACK = "127.0.0.1";

/** Ports that the local stack opens by number. */
export interface LocalPorts {
  /** Where workers and clients connect. */
  readonly scheduler: number;
  readonly dashboard: number;
}

/**
 * Makes sure that both ports are free.
 *
 * @throws LocalStackError that names each port that is taken and, where it can be known, the process that has it
 */
export async function refuseTakenPorts(ports: LocalPorts): Promise<void> {
  const taken: string[] = [];
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port)))
      taken.push(`port ${port} (${use}) is taken by ${holderOf(port) ?? "another process"}`);
  }
  if (taken.length > 0)
    throw new LocalStackError(`${taken.join("; ")}; end it, or give LocalStack other ports, and try again`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, LOOPBACK), "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}

/** Linux lists the listening sockets in /proc/net, and each process its sockets among its open files. */
function holderOf(port: number): string | undefined {
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .filter((table) => existsSync(table))
    .flatMap((table) => readFileSync(table, "utf8").trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = "", , state]) => state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port,
    )
    .map((fields) => `socket:[${fields[9]}]`);
  if (sockets.length === 0) return undefined;
  const pid = readdirSync("/proc").find(
    (name) => /^\d+$/.test(name) && openFiles(name).some((file) => sockets.includes(file)),
  );
  return (
    pid && `process ${pid} (${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()})`
  );
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}
