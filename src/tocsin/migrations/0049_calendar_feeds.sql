-- depends: 0048_repeats
-- Links that calendar programs read without signing in: a person's shifts, or with a schedule all of that schedule's.
-- The link itself is shown once and never kept.

set lock_timeout = '5s';

create table calendar_feeds (
  account_id   bigint not null references accounts,
  id           uuid not null,
  user_id      uuid not null,
  schedule_id  uuid,  -- null: the shifts of that person in every schedule
  token_hash   bytea not null unique,
  created_at   timestamptz not null,
  last_read_at timestamptz,
  primary key (account_id, id),
  foreign key (account_id, user_id) references users on delete cascade,
  foreign key (account_id, schedule_id) references schedules on delete cascade
);
create index calendar_feeds_by_user on calendar_feeds (account_id, user_id);
create index calendar_feeds_by_schedule on calendar_feeds (account_id, schedule_id);
call protect('calendar_feeds');
