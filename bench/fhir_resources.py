"""How such a service is usually begun: FastAPI, and a class of fhir.resources for everything in the prefetch."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fhir.resources.R4B import get_fhir_model_class

web = FastAPI()


@web.get("/")
async def welcome() -> dict[str, Any]:
    """Tell that it runs."""
    return {}


@web.post("/cds-services/nocturnal-leg-cramps")
async def hook(request: Request) -> dict[str, Any]:
    """Validate the patient and every bundle with its entries; there are no rules."""
    call = await request.json()
    for value in call["prefetch"].values():
        get_fhir_model_class(value["resourceType"]).model_validate(value)
    return {"cards": []}


if __name__ == "__main__":
    uvicorn.run(
        web, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
