-- depends: 0038_letters
-- Since when an account's SMS and calls go to each country, and whether that began suspiciously.

set lock_timeout = '5s';

create table countries_used (
  account_id bigint not null references accounts,
  country    text not null,  -- ISO 3166, or 001 for numbers of none
  first_at   timestamptz not null,
  units      integer not null,  -- of the first 24 hours
  alerted_at timestamptz,
  done_at    timestamptz,  -- an operator has looked at it
  primary key (account_id, country)
);
create index countries_used_to_look_at on countries_used (alerted_at) where alerted_at is not null and done_at is null;
call protect('countries_used');

insert into countries_used (account_id, country, first_at, units)
select account_id, region, min(at), 0 from usage_records where kind <> 'call_leg' group by account_id, region;
