-- depends: 0002_on_call
-- Alerts and what happened to them.

set lock_timeout = '5s';

-- The last tiny id of each account.
create table alert_counters (
  account_id   bigint primary key references accounts,
  last_tiny_id bigint not null
);
call protect('alert_counters');

create table alerts (
  account_id       bigint not null,
  id               text not null,
  tiny_id          bigint not null,
  alias            text not null,
  message          text not null,
  description      text not null default '',
  entity           text not null default '',
  source           text not null default '',
  priority         smallint not null check (priority between 1 and 5),
  status           text not null check (status in ('open', 'closed', 'deleted')),
  acknowledged     boolean not null default false,
  seen             boolean not null default false,
  acknowledged_at  timestamptz,
  acknowledged_by  text not null default '',
  closed_at        timestamptz,
  closed_by        text not null default '',
  snoozed_until    timestamptz,
  owner            text not null default '',
  owner_team_id    uuid,
  integration_id   uuid,
  tags             text[] not null default '{}',
  actions          text[] not null default '{}',
  details          jsonb not null default '{}',
  responders       jsonb not null default '[]',    -- [{"type": "team", "id": "…"}]
  visible_to       jsonb not null default '[]',
  count            integer not null default 1,         -- stops at 100, as its log lines do
  occurrences      bigint not null default 1,          -- does not stop
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  last_occurred_at timestamptz not null,
  primary key (account_id, id)
) with (fillfactor = 70);
create unique index alerts_open_alias on alerts (account_id, alias) where status = 'open';
create unique index alerts_by_tiny_id on alerts (account_id, tiny_id);
create index alerts_by_creation on alerts (account_id, created_at desc);
create index alerts_snoozed on alerts (snoozed_until) where snoozed_until is not null;
call protect('alerts');

-- What happened, why, by whom. `data` holds the reasons; the words are made when it is read.
create table alert_log (
  account_id bigint not null,
  alert_id   text not null,
  id         bigint generated always as identity,
  at         timestamptz not null,
  event      text not null,
  owner      text not null,
  data       jsonb not null default '{}',
  primary key (account_id, alert_id, id)
);
call protect('alert_log');

create table alert_notes (
  account_id bigint not null,
  alert_id   text not null,
  id         bigint generated always as identity,
  at         timestamptz not null,
  owner      text not null,
  note       text not null,
  primary key (account_id, alert_id, id)
);
call protect('alert_notes');

-- What became of each asynchronous request; kept for a while.
create table alert_requests (
  account_id     bigint not null,
  id             uuid not null,
  action         text not null,
  alert_id       text not null default '',
  alias          text not null default '',
  success        boolean not null,
  status         text not null,
  integration_id uuid,
  processed_at   timestamptz not null,
  primary key (account_id, id)
);
create index alert_requests_by_time on alert_requests (processed_at);
call protect('alert_requests');

create table alert_attachments (
  account_id bigint not null,
  id         bigint generated always as identity,
  alert_id   text not null,
  name       text not null,
  index_file text not null default '',
  content    bytea not null,
  created_by text not null default '',
  created_at timestamptz not null,
  primary key (account_id, id),
  foreign key (account_id, alert_id) references alerts on delete cascade
);
create index alert_attachments_by_alert on alert_attachments (account_id, alert_id);
call protect('alert_attachments');

create table saved_searches (
  account_id  bigint not null references accounts,
  id          uuid not null,
  name        text not null,
  query       text not null,
  description text not null default '',
  owner_id    uuid not null,
  team_ids    uuid[] not null default '{}',
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name),
  foreign key (account_id, owner_id) references users on delete cascade
);
call protect('saved_searches');
