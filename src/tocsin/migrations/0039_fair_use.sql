-- depends: 0032_retention
-- Cases of unusual use on plans without a fixed limit: opened by the meter, decided by a person.

set lock_timeout = '5s';

alter table usage_windows add column review_at timestamptz;  -- when its cost is looked at: 48 hours after its end
create index usage_windows_to_review on usage_windows (review_at) where review_at is not null;

create table fair_use_cases (
  account_id   bigint not null references accounts,
  id           uuid not null,
  status       text not null check (status in ('opened', 'dismissed', 'noticed', 'withdrawn', 'effective', 'returned')),
  opened_at    timestamptz not null,
  until        timestamptz not null,
  effective_at timestamptz,
  windows      jsonb not null,  -- what was seen: starts_at, ends_at, cost_minor, revenue_minor of each
  currency     text not null,
  plan         text not null,
  primary key (account_id, id)
);
call protect('fair_use_cases');
create unique index fair_use_one_open_case on fair_use_cases (account_id)
  where status in ('opened', 'noticed', 'effective');

create table fair_use_notes (
  account_id bigint not null,
  case_id    uuid not null,
  id         bigint generated always as identity,
  at         timestamptz not null,
  by         text not null,
  action     text not null,  -- opened, approved, dismissed, withdrawn, returned, reply
  note       text not null,
  primary key (account_id, case_id, id),
  foreign key (account_id, case_id) references fair_use_cases on delete cascade
);
call protect('fair_use_notes');
