import FHIR from "fhirclient";
FHIR.oauth2.authorize({});
