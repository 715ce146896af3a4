// A visit of its own: the same request about somebody whom the service has never seen.
import type { HookRequest, Json } from "./contract.ts";
import { relative, uuid } from "./fhir.ts";
import { isObject } from "./json.ts";

/**
 * The same request about a patient whom the service has never seen.
 *
 * So nothing that was dismissed in an earlier visit is silent in this one.
 */
export function asNewPatient(request: HookRequest): HookRequest {
  const patientId = uuid();
  const names = new Set([`Patient/${request.context.patientId}`]);
  return {
    ...request,
    hookInstance: uuid(),
    context: { ...request.context, patientId },
    prefetch: renamed(request.prefetch ?? {}, names, patientId),
  };
}

/** A value in which the Patient that *names* name has the id *patientId*, wherever it is referred to. */
export function renamed<T>(value: T, names: ReadonlySet<string>, patientId: string): T {
  return rename(value as Json, names, patientId) as T;
}

function rename(value: Json, names: ReadonlySet<string>, patientId: string): Json {
  if (Array.isArray(value)) {
    return value.map((each) => rename(each, names, patientId));
  }
  if (!isObject(value)) {
    return value;
  }
  const { id, reference, resourceType } = value;
  const isReference = typeof reference === "string" && (names.has(reference) || names.has(relative(reference)));
  const isPatient = resourceType === "Patient" && (id === undefined || names.has(`Patient/${String(id)}`));
  // made from entries: a member may be called "__proto__"
  const members = Object.entries(value).map(([name, member]) => [name, rename(member, names, patientId)]);
  return Object.fromEntries([
    ...members,
    ...(isReference ? [["reference", `Patient/${patientId}`]] : []),
    ...(isPatient ? [["id", patientId]] : []),
  ]) as Json;
}
