-- depends: 0001_accounts
-- Schedules, escalations, routing rules, notification rules.

set lock_timeout = '5s';

create table schedules (
  account_id  bigint not null references accounts,
  id          uuid not null,
  name        text not null check (name <> ''),
  description text not null default '',
  time_zone   text not null,
  enabled     boolean not null default true,
  team_id     uuid,
  created_at  timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name),
  foreign key (account_id, team_id) references teams on delete cascade
);
call protect('schedules');

create table rotations (
  account_id   bigint not null,
  id           uuid not null,
  schedule_id  uuid not null,
  name         text not null,
  position     integer not null,
  kind         text not null check (kind in ('daily', 'weekly', 'hourly')),
  length       integer not null check (length > 0),
  starts_at    timestamptz not null,
  ends_at      timestamptz check (ends_at > starts_at),
  participants jsonb not null,           -- [{"type": "user", "id": "…"}, {"type": "none"}]
  primary key (account_id, id),
  foreign key (account_id, schedule_id) references schedules on delete cascade
);
create index rotations_by_schedule on rotations (account_id, schedule_id, position);
call protect('rotations');

create table overrides (
  account_id   bigint not null,
  schedule_id  uuid not null,
  alias        text not null,
  user_id      uuid,                     -- null: nobody
  starts_at    timestamptz not null,
  ends_at      timestamptz not null check (ends_at > starts_at),
  rotation_ids uuid[] not null default '{}',   -- empty: the whole schedule
  created_at   timestamptz not null,
  primary key (account_id, schedule_id, alias),
  foreign key (account_id, schedule_id) references schedules on delete cascade,
  foreign key (account_id, user_id) references users on delete cascade
);
call protect('overrides');

create table escalations (
  account_id               bigint not null references accounts,
  id                       uuid not null,
  name                     text not null check (name <> ''),
  description              text not null default '',
  team_id                  uuid,
  repeat_wait              interval not null default interval '0',   -- 0: no repeat
  repeat_count             integer not null default 0 check (repeat_count between 0 and 20),
  reset_recipient_states   boolean not null default false,
  close_alert_after_all    boolean not null default false,
  created_at               timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name),
  foreign key (account_id, team_id) references teams on delete cascade
);
call protect('escalations');

create table escalation_rules (
  account_id     bigint not null,
  escalation_id  uuid not null,
  position       integer not null,
  condition      text not null check (condition in ('if-not-acked', 'if-not-closed')),
  notify_type    text not null check (notify_type in ('default', 'next', 'previous', 'users', 'admins', 'random', 'all')),
  delay          interval not null check (delay >= interval '0'),
  recipient_type text not null check (recipient_type in ('user', 'team', 'schedule')),
  recipient_id   uuid not null,
  primary key (account_id, escalation_id, position),
  foreign key (account_id, escalation_id) references escalations on delete cascade
);
call protect('escalation_rules');

create table routing_rules (
  account_id  bigint not null,
  id          uuid not null,
  team_id     uuid not null,
  name        text not null default '',
  position    integer not null,
  is_default  boolean not null default false,
  notify_type text not null check (notify_type in ('none', 'schedule', 'escalation')),
  notify_id   uuid check ((notify_type = 'none') = (notify_id is null)),
  primary key (account_id, id),
  foreign key (account_id, team_id) references teams on delete cascade
);
create unique index routing_rules_one_default on routing_rules (account_id, team_id) where is_default;
create index routing_rules_by_team on routing_rules (account_id, team_id, position);
call protect('routing_rules');

create table notification_rules (
  account_id  bigint not null,
  id          uuid not null,
  user_id     uuid not null,
  name        text not null,
  action_type text not null check (action_type in (
                'create-alert', 'acknowledged-alert', 'closed-alert', 'assigned-alert', 'add-note', 'renotified-alert')),
  position    integer not null,
  enabled     boolean not null default true,
  primary key (account_id, id),
  foreign key (account_id, user_id) references users on delete cascade
);
create index notification_rules_by_user on notification_rules (account_id, user_id, position);
call protect('notification_rules');

create table notification_rule_steps (
  account_id bigint not null,
  id         uuid not null,
  rule_id    uuid not null,
  contact_id uuid not null,
  after      interval not null check (after >= interval '0'),
  position   integer not null,
  enabled    boolean not null default true,
  primary key (account_id, id),
  foreign key (account_id, rule_id) references notification_rules on delete cascade,
  foreign key (account_id, contact_id) references contacts on delete cascade
);
create index notification_rule_steps_by_rule on notification_rule_steps (account_id, rule_id, position);
call protect('notification_rule_steps');
