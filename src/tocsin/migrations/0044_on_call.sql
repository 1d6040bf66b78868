-- depends: 0039_fair_use
-- On call in full. Restrictions and criteria are kept as the API spells them; the pure modules that read them say what
-- they mean (schedules/restrictions.py, alerts/criteria.py).

set lock_timeout = '5s';

alter table rotations add column restriction jsonb;  -- null: round the clock

alter table routing_rules
  add column criteria    jsonb not null default '{"type": "match-all"}',
  add column time_zone   text,  -- null: the account's
  add column restriction jsonb;

create table forwarding_rules (
  account_id   bigint not null references accounts,
  id           uuid not null,
  alias        text not null check (alias <> ''),
  from_user_id uuid not null,
  to_user_id   uuid not null,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null,
  created_at   timestamptz not null,
  primary key (account_id, id),
  unique (account_id, alias),
  foreign key (account_id, from_user_id) references users on delete cascade,
  foreign key (account_id, to_user_id) references users on delete cascade,
  check (ends_at > starts_at),
  check (from_user_id <> to_user_id)
);
create index forwarding_rules_by_user on forwarding_rules (account_id, from_user_id);
create index forwarding_rules_to_user on forwarding_rules (account_id, to_user_id);
call protect('forwarding_rules');
create trigger forwarding_rules_version after insert or update or delete on forwarding_rules
  for each row execute function count_configuration_version();

-- What a team calls a member's part in it, and what that part may do; `admin` and `user` are built in.
create table team_roles (
  account_id bigint not null references accounts,
  id         uuid not null,
  team_id    uuid not null,
  name       text not null check (name <> ''),
  rights     jsonb not null default '{}',  -- right → granted
  primary key (account_id, id),
  unique (account_id, team_id, name),
  foreign key (account_id, team_id) references teams on delete cascade
);
call protect('team_roles');
alter table team_members drop constraint team_members_role_check, add constraint team_members_role_check check (role <> '');

-- A custom role: what `base` may do, more what is granted, less what is disallowed.
create table roles (
  account_id bigint not null references accounts,
  id         uuid not null,
  name       text not null check (name <> ''),
  base       text not null check (base in ('user', 'observer', 'stakeholder')),
  granted    text[] not null default '{}',
  disallowed text[] not null default '{}',
  created_at timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name)
);
call protect('roles');

alter table users
  add column role_id        uuid,  -- a custom role; `role` is then what it is based on
  add column skype_username text not null default '',
  add column address        jsonb not null default '{}',
  add column tags           text[] not null default '{}',
  add column details        jsonb not null default '{}',
  add column muted_until    timestamptz,
  add column quiet_hours    jsonb,  -- a restriction; null: none
  add constraint users_role_id_fkey foreign key (account_id, role_id) references roles;
create index users_by_role_id on users (account_id, role_id) where role_id is not null;

alter table notification_rules
  add column criteria       jsonb not null default '{"type": "match-all"}',
  add column restriction    jsonb,
  add column times          text[] not null default '{}',  -- how long before a shift starts or ends
  add column schedule_ids   uuid[] not null default '{}',  -- none: every schedule
  add column repeat_after   interval check (repeat_after > interval '0'),
  add column repeat_enabled boolean not null default false,
  drop constraint notification_rules_action_type_check,
  add constraint notification_rules_action_type_check check (action_type in
    ('create-alert', 'acknowledged-alert', 'closed-alert', 'assigned-alert', 'add-note', 'renotified-alert',
     'schedule-start', 'schedule-end', 'incoming-call-routing'));
