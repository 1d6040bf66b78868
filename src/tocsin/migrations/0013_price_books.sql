-- depends: 0024_terms
-- Versions of the price book. They belong to the server. What was published never changes: agreements refer to it.

set lock_timeout = '5s';

create table price_books (
  version      integer primary key check (version > 0),
  document     text not null check (document <> ''),
  announced_at timestamptz not null,      -- renewals use it from `price_notice_days` later on
  note         text not null default '',  -- by whoever published it, for other operators
  published_by text not null default ''   -- a username; empty: by the command line
);
grant select on price_books to tocsin_app;
grant select, insert on price_books to tocsin_engine;

create function refuse_change_of_price_book() returns trigger language plpgsql as $$
begin
  raise exception 'A published price book never changes: publish another version instead.';
end
$$;
create trigger price_books_never_change before update or delete on price_books
  for each row execute function refuse_change_of_price_book();
create trigger price_books_are_kept before truncate on price_books
  for each statement execute function refuse_change_of_price_book();
