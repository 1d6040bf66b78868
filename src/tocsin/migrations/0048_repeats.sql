-- depends: 0047_people_by_api
-- A notification rule that begins again until somebody acts: one row for each time that a person was told by it.

set lock_timeout = '5s';

create table notification_repeats (
  account_id  bigint not null references accounts,
  id          bigint generated always as identity,
  alert_id    text not null,
  user_id     uuid not null,
  rule_id     uuid not null,
  key         text not null,         -- run, round and rule of the escalation: telling the same twice is telling once
  action_type text not null,
  path        jsonb not null,        -- the reasons that led to the person
  told_at     timestamptz not null,  -- anyone's acknowledgement after it ends the row
  turn        integer not null,      -- which time the steps begin again
  due_at      timestamptz not null,
  primary key (account_id, id),
  unique (account_id, alert_id, user_id, key),
  foreign key (account_id, user_id) references users on delete cascade,
  foreign key (account_id, rule_id) references notification_rules on delete cascade
) with (fillfactor = 70);
create index notification_repeats_due on notification_repeats (due_at);
create index notification_repeats_by_user on notification_repeats (account_id, user_id);
create index notification_repeats_by_rule on notification_repeats (account_id, rule_id);
call protect('notification_repeats');
