"""The API of runs: what is known of them, and what people may change."""

from fastapi import APIRouter

from flowo.runs.routes import failures, jobs, run, whole

router = APIRouter()
for part in (run, jobs, whole, failures):
    router.include_router(part.router)
