-- depends: 0025_inactive
-- Who asked for a trial and has not followed the mailed link yet; which organisations have had theirs.

set lock_timeout = '5s';

create table sign_ups (
  token_hash bytea primary key,
  email      text not null,
  company    text not null,
  country    text not null check (country ~ '^[A-Z]{2}$'),
  time_zone  text not null,
  locale     text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index sign_ups_by_time on sign_ups (expires_at);
grant select, insert, update, delete on sign_ups to tocsin_engine;

-- An organisation is kept as a hash of its mail domain (or address): also of accounts that are gone. Source: R2.1, R13.5
create table trials_given (
  organisation bytea primary key,
  given_at     timestamptz not null
);
grant select, insert on trials_given to tocsin_engine;
