-- Accounts, users, contacts, teams, keys, sign-in, audit log.
--
-- Three roles exist before this runs (`tocsin migrate` makes them): tocsin_owner owns the tables, tocsin_app serves
-- requests behind row-level security, tocsin_engine serves ingest batches and workers.

set lock_timeout = '5s';

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- The accounts that this transaction may see: set by db.py, empty outside of it.
create function visible_accounts() returns bigint[] language sql stable parallel safe as $$
  select string_to_array(nullif(current_setting('tocsin.accounts', true), ''), ',')::bigint[]
$$;

-- Puts a table behind row-level security, by the given account column, and grants the two roles their work on it.
create procedure protect(guarded regclass, account_column text default 'account_id') language plpgsql as $$
begin
  execute format('alter table %s enable row level security', guarded);
  execute format('alter table %s force row level security', guarded);
  execute format('create policy tenant on %s using (%I = any ((select visible_accounts())::bigint[]))',
                 guarded, account_column);
  execute format('create policy engine on %s to tocsin_engine, tocsin_owner using (true) with check (true)', guarded);
  execute format('grant select, insert, update, delete on %s to tocsin_app, tocsin_engine', guarded);
end
$$;

create table accounts (
  id          bigint generated always as identity primary key,
  name        text not null check (name <> ''),
  time_zone   text not null,
  locale      text not null default 'en',
  created_at  timestamptz not null,
  deleted_at  timestamptz
);
call protect('accounts', 'id');
grant usage, select on sequence accounts_id_seq to tocsin_app, tocsin_engine;

create table users (
  account_id        bigint not null references accounts,
  id                uuid not null,
  username          text not null check (username = lower(username) and username <> ''),
  full_name         text not null,
  role              text not null check (role in ('owner', 'admin', 'user', 'stakeholder')),
  licence_kind      text not null check (licence_kind in ('responder', 'stakeholder')),
  status            text not null check (status in ('invited', 'active', 'suspended')),
  time_zone         text not null,
  locale            text not null,
  password_hash     text,
  totp_secret       bytea,          -- encrypted with TOCSIN_SECRET_KEY
  totp_confirmed_at timestamptz,
  totp_last_step    bigint,         -- the last time step that was used, so a code works once
  verified_at       timestamptz,
  created_at        timestamptz not null,
  primary key (account_id, id),
  unique (account_id, username)
);
create index users_by_username on users (username);  -- sign-in knows no account yet
call protect('users');

-- Whoever runs the server; a right beside the role in one account.
create table operators (
  account_id bigint not null,
  user_id    uuid not null,
  created_at timestamptz not null,
  primary key (account_id, user_id),
  foreign key (account_id, user_id) references users on delete cascade
);
call protect('operators');

create table contacts (
  account_id  bigint not null,
  id          uuid not null,
  user_id     uuid not null,
  method      text not null check (method in ('email', 'webhook')),
  address     text not null check (address <> ''),
  secret      bytea,                -- webhook: signs each request; encrypted with TOCSIN_SECRET_KEY
  enabled     boolean not null default true,
  verified_at timestamptz,
  created_at  timestamptz not null,
  primary key (account_id, id),
  unique (account_id, user_id, method, address),
  foreign key (account_id, user_id) references users on delete cascade
);
call protect('contacts');

create table teams (
  account_id  bigint not null references accounts,
  id          uuid not null,
  name        text not null check (name <> ''),
  description text not null default '',
  created_at  timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name)
);
call protect('teams');

create table team_members (
  account_id bigint not null,
  team_id    uuid not null,
  user_id    uuid not null,
  role       text not null default 'user' check (role in ('admin', 'user')),
  primary key (account_id, team_id, user_id),
  foreign key (account_id, team_id) references teams on delete cascade,
  foreign key (account_id, user_id) references users on delete cascade
);
create index team_members_by_user on team_members (account_id, user_id);
call protect('team_members');

-- API integrations (they create alerts) and settings keys (they do not). The key itself is shown once and never kept.
create table integrations (
  account_id                 bigint not null references accounts,
  id                         uuid not null,
  name                       text not null check (name <> ''),
  type                       text not null check (type in ('API', 'Key')),
  key_hash                   bytea not null unique,
  key_hint                   text not null,          -- the last characters, to tell keys apart
  enabled                    boolean not null default true,
  allow_read_access          boolean not null default true,
  allow_write_access         boolean not null default true,
  allow_delete_access        boolean not null default true,
  allow_configuration_access boolean not null default false,
  team_id                    uuid,
  responders                 jsonb not null default '[]',   -- [{"type": "team", "id": "…"}], the defaults
  created_at                 timestamptz not null,
  primary key (account_id, id),
  unique (account_id, name),
  foreign key (account_id, team_id) references teams on delete cascade
);
call protect('integrations');

create table sessions (
  account_id   bigint not null,
  id           uuid not null,
  user_id      uuid not null,
  token_hash   bytea not null unique,
  csrf_token   text not null,
  created_at   timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,
  confirmed_at timestamptz not null,      -- when the password or passkey was last shown
  user_agent   text not null default '',
  address      text not null default '',
  primary key (account_id, id),
  foreign key (account_id, user_id) references users on delete cascade
);
create index sessions_by_user on sessions (account_id, user_id);
create index sessions_expiring on sessions (expires_at);
call protect('sessions');

create table passkeys (
  account_id    bigint not null,
  id            uuid not null,
  user_id       uuid not null,
  credential_id bytea not null unique,
  public_key    bytea not null,
  sign_count    bigint not null,
  name          text not null,
  created_at    timestamptz not null,
  last_used_at  timestamptz,
  primary key (account_id, id),
  foreign key (account_id, user_id) references users on delete cascade
);
create index passkeys_by_user on passkeys (account_id, user_id);
call protect('passkeys');

create table recovery_codes (
  account_id bigint not null,
  user_id    uuid not null,
  code_hash  bytea not null,
  used_at    timestamptz,
  primary key (account_id, user_id, code_hash),
  foreign key (account_id, user_id) references users on delete cascade
);
call protect('recovery_codes');

-- One-time links: invitation, password reset, verification of an address.
create table tokens (
  account_id bigint not null,
  token_hash bytea not null,
  user_id    uuid not null,
  contact_id uuid,
  purpose    text not null check (purpose in ('invitation', 'password-reset', 'verification')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  primary key (account_id, token_hash),
  foreign key (account_id, user_id) references users on delete cascade,
  foreign key (account_id, contact_id) references contacts on delete cascade
);
create index tokens_by_hash on tokens (token_hash);
call protect('tokens');

-- Sign-in attempts that failed, by name and by address; they are counted before anybody is known.
create table sign_in_failures (
  subject   text not null,
  failed_at timestamptz not null
);
create index sign_in_failures_by_subject on sign_in_failures (subject, failed_at);
grant select, insert, delete on sign_in_failures to tocsin_app, tocsin_engine;

create table audit_log (
  account_id  bigint not null references accounts,
  id          bigint generated always as identity,
  at          timestamptz not null,
  actor       text not null,             -- a username, or the name of a key, or System
  actor_id    uuid,
  action      text not null,
  object_type text not null,
  object_id   text not null,
  object_name text not null default '',
  before      jsonb,
  after       jsonb,
  address     text not null default '',
  request_id  uuid,
  primary key (account_id, id)
);
create index audit_log_by_object on audit_log (account_id, object_type, object_id);
call protect('audit_log');

-- Mails that are not about an alert (invitations, resets, verifications), and, where no SMTP server is set, every mail:
-- then /mailbox shows them. A sent mail keeps no body, for it may hold a link that signs in.
create table mails (
  account_id   bigint not null references accounts,
  id           bigint generated always as identity,
  purpose      text not null,
  to_address   text not null,
  subject      text not null,
  text_body    text not null,
  html_body    text not null,
  status       text not null check (status in ('due', 'sending', 'retrying', 'accepted', 'failed')),
  reason       text not null default '',
  attempts     integer not null default 0,
  due_at       timestamptz,
  created_at   timestamptz not null,
  ended_at     timestamptz,
  primary key (account_id, id)
);
create index mails_due on mails (due_at) where due_at is not null;
create index mails_by_time on mails (account_id, created_at desc);
call protect('mails');
