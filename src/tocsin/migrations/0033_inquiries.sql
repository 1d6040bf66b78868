-- depends: 0032_retention
-- What people ask by /contact, until an operator is done with it. No account is behind it: strangers may ask.

set lock_timeout = '5s';

create table inquiries (
  id         uuid primary key,
  name       text not null,
  email      text not null,
  about      text not null,
  message    text not null,
  locale     text not null,
  created_at timestamptz not null
);
create index inquiries_by_time on inquiries (created_at);
grant select, insert, delete on inquiries to tocsin_engine;
