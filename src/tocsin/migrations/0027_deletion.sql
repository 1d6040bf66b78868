-- depends: 0026_sign_ups
-- Accounts that are being deleted, and the invoices that outlive them.

set lock_timeout = '5s';

alter table accounts add column legal_hold boolean not null default false;

-- A deletion under way. What is personal in it goes with it.
create table deletions (
  account_id   bigint primary key references accounts on delete cascade,
  requested_at timestamptz not null,
  token_hash   bytea not null unique,          -- of the link that undoes it
  proof_to     text not null,
  locale       text not null,
  time_zone    text not null,
  due_at       timestamptz not null            -- when erasing begins, or goes on
);
call protect('deletions');
create index deletions_due on deletions (due_at);

-- That it was done, when and how much, without saying whose it was.
create table deletions_done (
  id           bigint generated always as identity primary key,
  requested_at timestamptz not null,
  finished_at  timestamptz not null,
  rows_erased  bigint not null,
  documents_archived integer not null
);
grant select, insert on deletions_done to tocsin_engine;

-- Documents of accounts that are gone, for as long as the law wants them: apart from everything else, and read by operators.
create table fiscal_archive (
  id          bigint generated always as identity primary key,
  account_id  bigint not null,
  number      text not null unique,
  kind        text not null,
  issued_at   timestamptz not null,
  keep_until  date not null,
  document    jsonb not null,
  payments    jsonb not null,
  pdf         bytea,
  xml         bytea
);
create index fiscal_archive_by_end on fiscal_archive (keep_until);
grant select, insert, delete on fiscal_archive to tocsin_engine;
