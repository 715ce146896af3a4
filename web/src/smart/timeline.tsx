import FHIR from "fhirclient";
console.log(FHIR);
