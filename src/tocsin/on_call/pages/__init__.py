"""The pages of schedules: the list, one schedule, its rotations and overrides; my shifts."""

from fastapi import APIRouter

from tocsin.on_call.pages import my_shifts, overrides, rotations, schedule, schedules

router = APIRouter()
for part in (schedules, rotations, overrides, schedule, my_shifts):
    router.include_router(part.router)
