import { z } from "zod";
import { duration } from "./durations";
import { chosen, integer, object, refine } from "./fields";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** A drain may last as long as a termination hook waits: 100 times its heartbeat timeout allows more. */
export const MAX_DRAIN_SECONDS = 2 * HOUR;

/** CloudWatch evaluates periods of less than an hour over at most a day (CloudWatch API Reference, PutMetricAlarm). */
const DEAD_MAN_SWITCH = { from: 5 * MINUTE, to: 24 * HOUR };

const usdPerHour = (hint: string) =>
  refine(
    z.number(),
    (value) => value > 0 && Number.isFinite(value),
    "a number of USD per hour above 0",
    hint,
  );

const orFalse = (schema: z.ZodType) => chosen((value) => (value === false ? z.literal(false) : schema));

const settings = object({
  maxNodes: integer(1, 250_000).optional(),
  maxHourlyCost: usdPerHour("give the limit, or remove it").optional(),
  keepResults: orFalse(duration()).optional(),
  hungAfter: orFalse(duration()).optional(),
  onHung: z.enum(["report", "stop"]).optional(),
  deadManSwitch: orFalse(duration(DEAD_MAN_SWITCH)).optional(),
});

/** Schema of `autoscaling`: an `AutoscalingDefinition`, or whether the pools follow the work. */
export const autoscaling = chosen((value) => (typeof value === "boolean" ? z.boolean() : settings));

/** Schema of the price of an instance type. */
export const price = usdPerHour("give what an instance costs in an hour, or remove the type");

/** Fields of a pool that decide how it scales. */
export const poolScaling = {
  idleTimeout: duration().optional(),
  targetDuration: duration().optional(),
  drainTimeout: duration({ to: MAX_DRAIN_SECONDS }).optional(),
};
