"""What one set of entitlements has less or more of than another, and the words for it. Pure.

Source: licensing requirements R3.1, R6.1
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from tocsin import i18n
from tocsin.i18n import N_, Translator
from tocsin.licensing.entitlements import Entitlements, reaches
from tocsin.licensing.features import FEATURES, FeatureKind, FeatureValue
from tocsin.licensing.model import Standing
from tocsin.licensing.pricebook import PriceBook

TOLD = N_("SMS and voice calls included in a month")
TOLD_IN_TRIAL = N_("SMS and voice calls of the trial, then in a month")
VOICE = N_("Voice calls")
NUMBERS = N_("Rented numbers")
NOTHING = N_("none")


@dataclass(frozen=True, slots=True)
class Difference:
    """`text` is a source text. `values` are those before and after; None: it is there in one, and not in the other."""

    text: str
    values: tuple[FeatureValue, FeatureValue] | None = None

    def in_words(self, locale: str) -> str:
        """For instance "Audit log reaches back: 1 year → 90 days"."""
        _ = Translator(locale)
        if self.values is None:
            return _(self.text)
        before, after = (value_in_words(locale, value) for value in self.values)
        return _("%(what)s: %(before)s → %(after)s", what=_(self.text), before=before, after=after)


def value_in_words(locale: str, value: FeatureValue) -> str:
    """A value of a feature; that of a choice is its source text."""
    _ = Translator(locale)
    match value:
        case bool():
            return _("Yes") if value else _(NOTHING)
        case None:
            return _("No limit")
        case int():
            return i18n.number(locale, value) if value else _(NOTHING)
        case timedelta():
            return _.ngettext("%(num)s day", "%(num)s days", value.days)
        case str():
            return _(value)


def features_less(now: Entitlements, then: Entitlements, keys: Iterable[str]) -> list[Difference]:
    """Which of the features `then` has less of."""
    fewer = [key for key in keys if not reaches(key, then.features[key], now.features[key])]
    return [_difference(key, now, then) for key in fewer]


def features_more(now: Entitlements, then: Entitlements, keys: Iterable[str]) -> list[Difference]:
    """Which of the features `then` has more of."""
    return [_difference(key, now, then) for key in keys if not reaches(key, now.features[key], then.features[key])]


def _difference(key: str, now: Entitlements, then: Entitlements) -> Difference:
    feature = FEATURES[key]
    if feature.kind is FeatureKind.SWITCH:
        return Difference(feature.words)
    return Difference(feature.words, (_said(key, now.features[key]), _said(key, then.features[key])))


def _said(key: str, value: FeatureValue) -> FeatureValue:
    choices = FEATURES[key].choices or {}
    return choices.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Telephony:
    """The SMS and voice calls that are included: how many (None: no fixed limit), and whether calls are made at all."""

    included: int | None
    voice: bool
    is_trial: bool = False


def telephony(book: PriceBook, have: Entitlements) -> Telephony:
    """What is included with these entitlements, in a month or in a trial."""
    if have.standing is Standing.TRIALING:
        return Telephony(book.trial.sms_limit + book.trial.calls_limit, book.trial.calls_limit > 0, is_trial=True)
    messages = book.plan(have.plan).messages
    return Telephony(messages.pool(have.seats_limit or 0), messages.voice)


def telephony_less(now: Telephony, then: Telephony) -> list[Difference]:
    """What of it `then` has less of."""
    return _telephony(now, then, now, then)


def telephony_more(now: Telephony, then: Telephony) -> list[Difference]:
    """What of it `then` has more of."""
    return _telephony(now, then, then, now)


def _telephony(now: Telephony, then: Telephony, larger: Telephony, smaller: Telephony) -> list[Difference]:
    found = []
    if smaller.included is not None and (larger.included is None or larger.included > smaller.included):
        text = TOLD_IN_TRIAL if now.is_trial else TOLD
        found.append(Difference(text, (now.included, then.included)))
    return found + [Difference(VOICE)] * (larger.voice and not smaller.voice)
