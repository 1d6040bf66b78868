-- depends: 0007_statistics
-- Which worker processes there are: each says every few seconds that it lives. About the server, not about an account.

set lock_timeout = '5s';

create table workers (
  id         uuid primary key,      -- one process; a restarted worker is another
  host       text not null,
  pid        integer not null,
  started_at timestamptz not null,
  seen_at    timestamptz not null,  -- by the worker's own clock
  stopped_at timestamptz            -- it stopped by itself, as told; without it and silent, it died
);
grant select on workers to tocsin_app;
grant select, insert, update, delete on workers to tocsin_engine;
