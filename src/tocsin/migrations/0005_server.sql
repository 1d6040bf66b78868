-- depends: 0004_telling
-- Facts about the server as a whole, which belong to no account.

set lock_timeout = '5s';

create table server_facts (
  name  text primary key,
  value text not null
);
grant select on server_facts to tocsin_app;
grant select, insert on server_facts to tocsin_engine;

-- `/readyz` asks whether the schema is current.
grant select on _yoyo_migration to tocsin_engine;
