import { readdirSync, readlinkSync } from "node:fs";
import { readIfPossible } from "../files";

/**
 * Returns the PID of the process that listens on a port: `undefined` if this user can see none, `unknown` on systems other
 * than Linux. Linux lists listening sockets in /proc/net, and the sockets of each process among its open files.
 */
export function listenerOf(port: number): number | "unknown" | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"]
    .map(readIfPossible)
    .filter((table) => table !== undefined);
  if (tables.length === 0) return "unknown";
  const sockets = tables
    .flatMap((table) => table.trim().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = "", , state]) => state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port,
    )
    .map((fields) => `socket:[${fields[9]}]`);
  if (sockets.length === 0) return undefined;
  const pid = readdirSync("/proc").find(
    (name) => /^\d+$/.test(name) && openFiles(name).some((file) => sockets.includes(file)),
  );
  return pid === undefined ? undefined : Number(pid);
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
