// Who the patient is: the one thing that this page reads itself, since the service reads no names.
import type Client from "fhirclient/lib/Client";
import type { Json } from "../contract.ts";
import { isObject } from "../json.ts";
import { nameOf } from "../names.ts";

/** *born* as it is written in the record, "" where it is not. */
export type Person = { name: string; born: string };

/** The patient of the token; null when the server does not give it. */
export async function readPerson(client: Client): Promise<Person | null> {
  try {
    const patient = (await client.patient.read()) as unknown as Json;
    return isObject(patient) ? { name: nameOf(patient), born: text(patient.birthDate) } : null;
  } catch {
    return null;
  }
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value.trim() : "";
}
