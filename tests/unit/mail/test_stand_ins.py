"""Who gets a letter that an owner's address refuses: everybody at most once, and so it ends."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.mail.stand_ins import Readers, stand_ins

people = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=5)


def test_owners_who_have_not_got_it_come_first() -> None:
    assert stand_ins({"ana": True}, Readers(["ana", "bo"], ["cy"])) == ("bo",)


def test_while_another_owner_has_it_or_may_get_it_nobody_else_does() -> None:
    assert stand_ins({"ana": True, "bo": False}, Readers(["ana", "bo"], ["cy"])) == ()


def test_where_every_owner_refuses_it_the_admins_get_it_once() -> None:
    readers = Readers(["Ana@example.com"], ["cy", "di"])

    assert stand_ins({"ana@example.com": True}, readers) == ("cy", "di")
    assert stand_ins({"ana@example.com": True, "cy": True, "di": False}, readers) == ()


def test_a_letter_that_went_to_an_invoice_recipient_goes_to_the_owners() -> None:
    assert stand_ins({"books@example.com": True}, Readers(["ana"], ["cy"])) == ("ana",)


@given(owners=people, admins=people, broken=st.sets(st.sampled_from("abcdefgh")))
def test_nobody_gets_it_twice_and_somebody_whose_address_works_gets_it(
    owners: list[str], admins: list[str], broken: set[str]
) -> None:
    readers = Readers(owners, [it for it in admins if it not in owners])
    failed = {it: it in broken for it in owners[:1]}
    while any(failed.values()) and (added := stand_ins(failed, readers)):
        assert not {*added} & {*failed}
        failed |= {it: it in broken for it in added}

    reached = {it for it, lost in failed.items() if not lost}
    if owners and {*owners, *admins} - broken:
        assert reached
    if {*owners} - broken:
        assert reached <= {*owners}
