"""The pages of schedules: the list, one schedule, its rotations and overrides."""

from fastapi import APIRouter

from tocsin.on_call.pages import overrides, rotations, schedule, schedules

router = APIRouter()
for part in (schedules, rotations, overrides, schedule):
    router.include_router(part.router)
