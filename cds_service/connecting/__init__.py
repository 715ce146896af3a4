"""`legcramps doctor`: how a FHIR server answers our questions, and what a client of it has to be set to."""
