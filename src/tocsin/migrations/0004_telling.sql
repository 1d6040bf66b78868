-- depends: 0003_alerts
-- Escalation runs, notifications, attempts: who is told, when, how, and what became of it.

set lock_timeout = '5s';

-- How far telling a responder of an alert has come. A row without escalation_id is resolved when it is due: a person or
-- a schedule is told then, a team or an escalation turns it into a run of that escalation. Without due_at it is over.
create table escalation_runs (
  account_id       bigint not null,
  id               bigint generated always as identity,
  alert_id         text not null,
  responder_type   text not null check (responder_type in ('user', 'team', 'schedule', 'escalation')),
  responder_id     uuid not null,
  escalation_id    uuid,
  path             jsonb not null default '[]',   -- how the escalation was reached: reasons, as in the log
  started_at       timestamptz not null,
  round            integer not null default 0,
  round_started_at timestamptz,
  done_through     timestamptz,                   -- what was due up to and including this instant is done
  escalated        boolean not null default false, -- somebody asked for the next step at once
  due_at           timestamptz,
  error            text not null default '',      -- why it was put off, if it raised
  primary key (account_id, id)
) with (fillfactor = 70);
create index escalation_runs_due on escalation_runs (account_id, due_at) where due_at is not null;
create index escalation_runs_earliest on escalation_runs (due_at) where due_at is not null;
create index escalation_runs_by_alert on escalation_runs (account_id, alert_id);
call protect('escalation_runs');

-- One message to one contact. Open: due, sending, retrying; every other status is an end. A row that is being sent is due
-- again when its lease runs out, so a dead worker's work comes back by itself.
create table notifications (
  account_id   bigint not null,
  id           bigint generated always as identity,
  key          text not null,              -- run, round, rule, step: telling the same twice is telling once
  alert_id     text,                       -- null: a test page
  user_id      uuid not null,
  contact_id   uuid,                       -- null: the contact is gone
  method       text not null,
  address      text not null,
  action_type  text not null,
  reason       jsonb not null,             -- the path that led here: rule, schedule, shift, override …
  told_at      timestamptz not null,
  status       text not null check (status in ('due', 'sending', 'retrying', 'delivered', 'accepted', 'failed_over',
                                               'bundled', 'cancelled', 'suppressed', 'failed')),
  status_reason text not null default '',
  attempts     integer not null default 0,
  due_at       timestamptz,
  created_at   timestamptz not null,
  ended_at     timestamptz,
  primary key (account_id, id),
  check ((status in ('due', 'sending', 'retrying')) = (due_at is not null)),
  check ((ended_at is null) = (due_at is not null))
) with (fillfactor = 70);
create unique index notifications_once on notifications (account_id, alert_id, key, user_id, contact_id);
create index notifications_due on notifications (account_id, due_at) where due_at is not null;
create index notifications_earliest on notifications (due_at) where due_at is not null;
create index notifications_by_user on notifications (account_id, user_id, created_at desc);
call protect('notifications');

create table attempts (
  account_id      bigint not null,
  notification_id bigint not null,
  number          integer not null,
  provider        text not null,
  started_at      timestamptz not null,
  ended_at        timestamptz not null,
  outcome         text not null check (outcome in ('accepted', 'delivered', 'failed', 'unknown')),
  detail          text not null default '',
  receipt         text not null default '',
  primary key (account_id, notification_id, number)
);
call protect('attempts');

-- Who would be told is decided from a snapshot of an account's configuration; the engine keeps one as long as this
-- version stands. Triggers count it up, so no way of writing configuration can forget to.
create table configuration_versions (
  account_id bigint primary key references accounts,
  version    bigint not null
);
call protect('configuration_versions');

create function count_configuration_version() returns trigger language plpgsql as $$
begin
  insert into configuration_versions (account_id, version)
  values (case when tg_op = 'DELETE' then old.account_id else new.account_id end, 1)
  on conflict (account_id) do update set version = configuration_versions.version + 1;
  return null;
end
$$;

do $$
declare
  configuration text;
begin
  foreach configuration in array array['users', 'contacts', 'teams', 'team_members', 'schedules', 'rotations',
      'overrides', 'escalations', 'escalation_rules', 'routing_rules', 'notification_rules',
      'notification_rule_steps', 'integrations'] loop
    execute format('create trigger %I after insert or update or delete on %I for each row '
                   'execute function count_configuration_version()', configuration || '_version', configuration);
  end loop;
end
$$;
