// fhirclient, set up to keep what belongs to a launch under the name of that launch alone.
import "./quiet.ts"; // has to be evaluated first
import FHIR from "fhirclient";

type Settings = { fullSessionStorageSupport: boolean; replaceBrowserHistory: boolean };

// its types have another name for what the library calls "settings"
const { settings } = FHIR.oauth2 as unknown as { settings: Settings };
// two charts open beside each other share one sessionStorage: no entry there of "the" launch
settings.fullSessionStorageSupport = false;
// callback.ts has done that, and in cases that the library does not see
settings.replaceBrowserHistory = false;

export const { authorize, ready } = FHIR.oauth2;
// asked once: `authorize` goes by the same answer
export { fetchWellKnownJson } from "fhirclient/lib/smart";
