// Hook requests of this client: of a record, under a name that nobody has seen, and the same once more.
import type { HookRequest, Service } from "../contract.ts";
import { isResource, namesOf, type Resource, uuid } from "../fhir.ts";
import { renamed } from "../visits.ts";
import { filled, type PatientRecord } from "./prefetch.ts";

export const HOOK = "patient-view";
const USER = "Practitioner/workbench";

/** The request of a client that has nothing but *record*. */
export function requestOf(record: PatientRecord, service: Service): HookRequest {
  const patientId = uuid();
  const names = namesOf(record.patient);
  const mine: PatientRecord = {
    ...record,
    patient: renamed(record.patient, names, patientId),
    entries: record.entries.map((entry) => renamed(entry, names, patientId)),
  };
  const context = { userId: USER, patientId };
  return {
    hook: HOOK,
    hookInstance: uuid(),
    context,
    prefetch: filled(service.prefetch ?? {}, mine, context),
  };
}

/** The same call once more. */
export function again(request: HookRequest): HookRequest {
  return { ...request, hookInstance: uuid() };
}

/** The Patient that a request is about, as far as it was sent. */
export function patientOf(request: HookRequest): Resource | null {
  const patient = request.prefetch?.patient;
  return isResource(patient) ? patient : null;
}
