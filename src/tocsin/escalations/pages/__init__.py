"""The pages of alerts, of who is on call, and of teams."""

from fastapi import APIRouter

from tocsin.escalations.pages import (
    active,
    alert,
    alert_actions,
    alert_list,
    attachments,
    escalation_forms,
    mail_links,
    on_call,
    routing_forms,
    saved_searches,
    team_forms,
    teams,
)

router = APIRouter()
for part in (
    alert_list, saved_searches, alert, alert_actions, attachments, mail_links, on_call, teams, team_forms,
    escalation_forms, routing_forms, active,
):  # fmt: skip
    router.include_router(part.router)
