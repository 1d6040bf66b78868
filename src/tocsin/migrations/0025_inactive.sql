-- depends: 0024_terms
-- What a plan does not include becomes inactive, keeps everything it has, and comes back as it was.

set lock_timeout = '5s';

alter table users add column inactive_since timestamptz;
alter table schedules add column inactive_since timestamptz;
alter table escalations add column inactive_since timestamptz;
alter table routing_rules add column inactive_since timestamptz;
alter table notification_rules add column inactive_since timestamptz;

-- What an owner chose to keep where a plan includes less than there is: the first positions stay active.
create table kept (
  account_id bigint not null references accounts,
  kind       text not null check (kind in ('user', 'schedule', 'escalation')),
  id         uuid not null,
  position   integer not null,
  primary key (account_id, kind, id)
);
call protect('kept');
