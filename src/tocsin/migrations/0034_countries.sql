-- depends: 0028_billing_keys
-- What the operator knows of countries: comes before the shipped table. It belongs to the server.

set lock_timeout = '5s';

create table country_overrides (
  code  text primary key check (code ~ '^[A-Z]{2}$'),  -- ISO 3166 alpha-2
  sms   boolean not null,
  voice boolean not null,
  note  text not null default ''  -- everybody reads it
);
grant select on country_overrides to tocsin_app;
grant select, insert, update, delete on country_overrides to tocsin_engine;
