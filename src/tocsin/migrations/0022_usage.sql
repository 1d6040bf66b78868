-- depends: 0027_deletion
-- What was sent and which calls were forwarded: one record a unit, kept once; the counters of running windows.

set lock_timeout = '5s';

create table usage_records (
  account_id  bigint not null references accounts,
  id          text not null check (id <> ''),
  kind        text not null check (kind in ('sms', 'voice', 'call_leg', 'verification')),
  at          timestamptz not null,
  received_at timestamptz not null,
  number      text not null,
  region      text not null,
  zone        text not null check (zone in ('us_ca', 'other')),
  seconds     integer not null default 0 check (seconds >= 0),
  cost_minor  bigint,
  user_id     uuid,
  alert_id    text,
  reserved    boolean not null default false,   -- being sent right now: the carrier has not taken it yet
  primary key (account_id, id)
);
call protect('usage_records');
create index usage_records_by_time on usage_records (account_id, at);
create index usage_records_reserved on usage_records (received_at) where reserved;

create table usage_corrections (
  account_id  bigint not null references accounts,
  id          text not null,
  record_id   text not null,
  received_at timestamptz not null,
  seconds     integer not null check (seconds >= 0),
  primary key (account_id, id)
);
call protect('usage_corrections');

-- Windows whose bill was made.
create table usage_closings (
  account_id       bigint not null references accounts,
  window_starts_at timestamptz not null,
  closed_at        timestamptz not null,
  primary key (account_id, window_starts_at)
);
call protect('usage_closings');

-- How far a window has come, and which mails were sent about it: each once.
create table usage_windows (
  account_id    bigint not null references accounts,
  starts_at     timestamptz not null,
  included      integer not null default 0,
  sms           integer not null default 0,
  voice         integer not null default 0,
  charged_minor bigint not null default 0,
  told          text[] not null default '{}',
  primary key (account_id, starts_at)
);
call protect('usage_windows');
