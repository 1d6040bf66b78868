"""The owner's pages of billing, at the paths that the licensing FAQ names. Source: R4.3, R5.1, R6.2, R7, R13.1"""

from fastapi import APIRouter

from tocsin.billing.pages import cancellation, cards, information, invoices, next_invoices, subscription

router = APIRouter()
for part in (cancellation, invoices, next_invoices, subscription, cards, information):
    router.include_router(part.router)
