"""The commands of `tocsin`."""

from cyclopts import App

from tocsin import __version__

main = App(name="tocsin", version=__version__, help="Alerting and on-call behind Opsgenie's own REST API.")


@main.command
def migrate() -> None:
    """Apply what is missing to the database of TOCSIN_DATABASE_URL."""
    from tocsin.migrate import migrate as apply
    from tocsin.settings import Settings

    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("Set TOCSIN_DATABASE_URL; `tocsin up` migrates the embedded database by itself.")
    for name in apply(settings.database_url):
        print(f"applied {name}")
    print("The database is up to date.")
