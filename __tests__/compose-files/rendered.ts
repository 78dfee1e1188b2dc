import { parse } from "yaml";
import { renderCompose } from "../../lib/compose/render";
import type { ComposePorts } from "../../lib/compose/site";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";

/** A service of `compose.yaml`, as far as tests read it. */
export interface RenderedService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: YAML, whose shape the tests check
  readonly [key: string]: any;
}

/** The files of a cluster, and `compose.yaml` as data. */
export function rendered(cluster: ResolvedCluster, ports?: ComposePorts) {
  const { files, leftOut } = renderCompose(cluster, ports);
  const text = (path: string) => {
    const content = files.get(path);
    if (content === undefined) throw new Error(`${path} is missing: ${[...files.keys()].join(", ")}`);
    return String(content);
  };
  const compose = parse(text("compose.yaml"));
  const services = compose.services as Readonly<Record<string, RenderedService>>;
  const service = (name: string): RenderedService => {
    const found = services[name];
    if (found === undefined) throw new Error(`no service ${name}: ${Object.keys(services).join(", ")}`);
    return found;
  };
  return { files, leftOut, text, compose, services, service };
}
