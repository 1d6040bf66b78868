"""Every endpoint is called by a test, and the table in the docs says by which."""

from tests.support import endpoints


def test_every_endpoint_is_called_by_a_test() -> None:
    assert [route for route, tests in endpoints.tests_of_endpoints().items() if not tests] == []


def test_the_table_of_endpoints_is_as_the_tests_are() -> None:
    page = endpoints.PAGE.read_text()

    assert page == endpoints.written(page), "run python -m tests.support.endpoints"
