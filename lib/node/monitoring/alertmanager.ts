import { stringify } from "yaml";
import { partitionOf } from "../../config/regions";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ACCOUNT } from "../artifact-bucket";
import { resourceName } from "../names";

/** Minutes after which Alertmanager sends an alert that lasts again. */
const REPEAT_HOURS = 12;

/** Name of the SNS topic with the alerts of a cluster. */
export function alertTopicName(cluster: ResolvedCluster): string {
  return resourceName(cluster, "alerts");
}

/**
 * Returns the configuration of Alertmanager: alerts of the severities critical and warning go to the topic of the cluster, with
 * `ACCOUNT` in its ARN for the id of the account, which the node adds. Those of the severity info are only shown.
 */
export function alertmanagerConfiguration(cluster: ResolvedCluster): string {
  const { region } = cluster;
  return stringify(
    {
      route: {
        receiver: "nobody",
        group_by: ["cluster", "alertname"],
        group_wait: "30s",
        group_interval: "5m",
        repeat_interval: `${REPEAT_HOURS}h`,
        routes: [{ receiver: "topic", matchers: ['severity=~"critical|warning"'] }],
      },
      // Without a scheduler, all other alerts say the same.
      inhibit_rules: [
        {
          source_matchers: ['alertname="DaskSchedulerDown"'],
          target_matchers: ['alertname!="DaskSchedulerDown"'],
          equal: ["cluster"],
        },
      ],
      receivers: [
        { name: "nobody" },
        {
          name: "topic",
          sns_configs: [
            {
              topic_arn: `arn:${partitionOf(region)}:sns:${region}:${ACCOUNT}:${alertTopicName(cluster)}`,
              sigv4: { region },
              subject:
                "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }} of Dask cluster {{ .CommonLabels.cluster }}",
              message: MESSAGE,
              send_resolved: true,
            },
          ],
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** One line for each alert, and what to do. */
const MESSAGE = `{{ range .Alerts }}{{ .Status }} since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}: {{ .Annotations.summary }}.
{{ .Annotations.action }}.
{{ end }}{{ (index .Alerts 0).GeneratorURL }}`;
